"""Bytes on a socket, as no well-behaved client would send them."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from tests.support.demo import Demo


@dataclass(frozen=True)
class Raw:
    """What came back: status 0 stands for a connection that was closed without an answer."""

    status: int
    head: bytes
    body: bytes
    port: int


def send(demo: Demo, *parts: bytes, timeout: float = 12) -> Raw:
    """Sends the parts, reads to the end of the answer (or of the connection)."""
    with socket.create_connection(("127.0.0.1", demo.port), timeout=timeout) as connection:
        port = connection.getsockname()[1]
        try:
            for part in parts:
                connection.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused while we were still sending: the answer may be there all the same
        received = b""
        while not _complete(received):
            try:
                chunk = connection.recv(65536)
            except ConnectionResetError:
                break
            if not chunk:
                break
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split(b" ")
    return Raw(int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, head, body, port)


def _complete(received: bytes) -> bool:
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return b"transfer-encoding: chunked" in head.lower() and body.endswith(b"0\r\n\r\n")


def request(method: str, path: str, *headers: str, body: bytes = b"", host: bool = True) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(["Host: 127.0.0.1"] if host else []), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def json_request(path: str, body: bytes, *headers: str, method: str = "POST") -> bytes:
    size = f"Content-Length: {len(body)}"
    return request(method, path, "Content-Type: application/json", size, *headers, body=body)
