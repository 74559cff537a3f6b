"""A peer that speaks the channel's ZMQ wire with libzmq from Debian's python3-zmq.

syncd     REQUESTS NOTIFICATIONS COUNT   binds REP, connects PUSH, says "bound"; prints COUNT requests as they came and
                                         answers each with success, then publishes one event
orchagent REQUESTS NOTIFICATIONS JSON    binds PULL, connects REQ; asks each frame of JSON, prints its reply, then one event
"""

import json
import sys

import zmq


def say(line):
    print(line, flush=True)


def socket(kind, how, endpoint):
    made = zmq.Context.instance().socket(kind)
    getattr(made, how)(endpoint)
    return made


role, requests, notifications, argument = sys.argv[1:5]
if role == "syncd":
    rep = socket(zmq.REP, "bind", requests)
    push = socket(zmq.PUSH, "connect", notifications)
    say("bound")
    for _ in range(int(argument)):
        say(rep.recv().decode())
        rep.send(b'["SAI_STATUS_SUCCESS","getresponse"]')
    push.send(b'["port_state_change","[]"]')
else:
    pull = socket(zmq.PULL, "bind", notifications)
    req = socket(zmq.REQ, "connect", requests)
    for frame in json.loads(argument):
        req.send(frame.encode())
        say(req.recv().decode())
    say(pull.recv().decode())
