"""A gRPC peer made of the C core, for interop tests. One JSON object per line on stdout."""

import json
import os
import sys
import threading
from concurrent import futures

import grpc

METHOD = "/test.Bus/Stream"


def say(**what):
    print(json.dumps(what), flush=True)


def message(i):
    return ("%d " % i).encode() + b"x" * (i % 300)


def serve(tls):
    """An echo server; x-path "refuse" is refused, a message b"end" ends the stream with status 8."""

    def stream(requests, context):
        metadata = dict(context.invocation_metadata())
        if metadata.get("x-path") == "refuse":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "wrong: 100% ü")
        context.send_initial_metadata((("x-echo", metadata.get("x-path", "none")),))
        for request in requests:
            if request == b"end":
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "enough")
            yield request

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    handler = grpc.stream_stream_rpc_method_handler(stream)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Bus", {"Stream": handler}),))
    if tls is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        ca, cert, key = tls
        credentials = grpc.ssl_server_credentials([(key, cert)], ca, require_client_auth=True)
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    say(port=port)
    sys.stdin.read()
    server.stop(0)


def call(tls, endpoint, path, count):
    """Sends `count` messages and wants them back; then says metadata, status and how many came back right."""
    if tls is None:
        channel = grpc.insecure_channel(endpoint)
    else:
        ca, cert, key = tls
        credentials = grpc.ssl_channel_credentials(ca, key, cert)
        channel = grpc.secure_channel(endpoint, credentials, (("grpc.ssl_target_name_override", "server.test"),))
    done = threading.Event()

    def requests():
        for i in range(count):
            yield message(i)
        done.wait(20)

    stream = channel.stream_stream(METHOD)(requests(), metadata=(("x-path", path),))
    received = 0
    status = None
    try:
        metadata = dict(stream.initial_metadata())
        for response in stream:
            if response != message(received):
                break
            received += 1
            if received == count:
                done.set()
    except grpc.RpcError:
        metadata = {}
    done.set()
    status = stream.code()
    say(echo=metadata.get("x-echo"), received=received, code=status.value[0], detail=stream.details())


def material():
    """(CA, certificate, key) in PEM from the files that TLS names, or None for plaintext."""
    files = os.environ.get("TLS")
    return tuple(open(name, "rb").read() for name in files.split(":")) if files else None


if sys.argv[1] == "serve":
    serve(material())
else:
    call(material(), sys.argv[2], sys.argv[3], int(sys.argv[4]))
