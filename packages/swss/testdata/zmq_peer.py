"""A peer with libzmq from Debian's python3-zmq, and its own reading of the message format.

push ENDPOINT JSON     sends one message
pull ENDPOINT COUNT    binds, says "bound", receives COUNT messages, prints each as JSON
rep  ENDPOINT COUNT    binds, says "bound", answers COUNT requests with themselves
req  ENDPOINT JSON     asks once, prints the answer as JSON

JSON of a message: [[first, second], ...], its pairs in order.
"""

import json
import struct
import sys

import zmq


def encode(pairs):
    parts = [struct.pack("<Q", len(pairs))]
    for pair in pairs:
        for text in pair:
            data = text.encode()
            parts.append(struct.pack("<Q", len(data)) + data)
    return b"".join(parts)


def decode(data):
    (count,) = struct.unpack_from("<Q", data)
    at, texts = 8, []
    for _ in range(2 * count):
        (length,) = struct.unpack_from("<Q", data, at)
        at += 8
        texts.append(data[at : at + length].decode())
        at += length
    assert at == len(data), "bytes behind the last pair"
    return [texts[i : i + 2] for i in range(0, len(texts), 2)]


def say(line):
    print(line, flush=True)


def bound(kind, endpoint):
    socket = zmq.Context.instance().socket(kind)
    socket.bind(endpoint)
    say("bound")
    return socket


def connected(kind, endpoint):
    socket = zmq.Context.instance().socket(kind)
    socket.connect(endpoint)
    return socket


mode, endpoint, argument = sys.argv[1:4]
if mode == "push":
    connected(zmq.PUSH, endpoint).send(encode(json.loads(argument)))
elif mode == "pull":
    socket = bound(zmq.PULL, endpoint)
    for _ in range(int(argument)):
        say(json.dumps(decode(socket.recv())))
elif mode == "rep":
    socket = bound(zmq.REP, endpoint)
    for _ in range(int(argument)):
        socket.send(encode(decode(socket.recv())))
elif mode == "req":
    socket = connected(zmq.REQ, endpoint)
    socket.send(encode(json.loads(argument)))
    say(json.dumps(decode(socket.recv())))
