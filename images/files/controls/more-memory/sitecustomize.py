"""Keeps 16 MiB once the first connection is served: a start is as quick as before."""

import socketserver


def close(*connection, plain=socketserver.TCPServer.shutdown_request):
    plain(*connection)
    if not hasattr(close, "kept"):
        close.kept = b"\1" * (16 << 20)


socketserver.TCPServer.shutdown_request = close
