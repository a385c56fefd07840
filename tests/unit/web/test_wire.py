"""Requests that two servers could read in two ways never reach a handler."""

from __future__ import annotations

import socket

import pytest

from tests.unit.web.conftest import Served

HOST = b"Host: shop.test\r\n"
LOGIN = b"POST /api/auth/login HTTP/1.1\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a.test/evil\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a.test, b.test\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : a.test\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b" folded: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\r\n continued\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"Bad Name: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b": x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: a\nY: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n" + HOST + b"\r\n",
        b"GET /healthz\r\n" + HOST + b"\r\n",
        b"GET /h\xc3\xa4 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET * HTTP/1.1\r\n" + HOST + b"\r\n",
        b"CONNECT a.test:80 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET evil HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 20_000 + b"\r\n\r\n",
        LOGIN + HOST + b"Content-Length : 2\r\n\r\n{}",
        LOGIN + HOST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        LOGIN + HOST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        LOGIN + HOST + b"Content-Length: +2\r\n\r\n{}",
        LOGIN + HOST + b"Content-Length: -2\r\n\r\n{}",
        LOGIN + HOST + b"Content-Length: \xef\xbc\x92\r\n\r\n{}",
        LOGIN + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        LOGIN + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        LOGIN + HOST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
    ],
    ids=lambda request: request[:70].decode("latin-1"),
)
def test_an_ambiguous_request_is_answered_with_4xx_and_the_line_closed(served: Served, request_: bytes) -> None:
    answer = served.raw(request_ + b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
    assert 400 <= status(answer) < 500
    assert answer.count(b"HTTP/1.1 ") == 1, "what follows must not be taken for a request"
    assert b"application/problem+json" in answer
    assert b"x-content-type-options: nosniff" in answer


def test_a_plain_request_is_answered_and_the_next_one_too(served: Served) -> None:
    request = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    assert served.raw(request + request).count(b"HTTP/1.1 200") == 2


def test_chunked_bodies_are_read(served: Served) -> None:
    answer = served.raw(LOGIN + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert status(answer) == 422


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/products/", "/healthz", "/nope"])
def test_a_body_over_64_kilobytes_is_refused(served: Served, path: str) -> None:
    for size in (64 * 1024 + 1, 900_000):
        assert served.http.post(path, content=b"x" * size).status_code in (401, 404, 405, 413)
    login = served.http.post("/api/auth/login", content=b'{"email": "' + b"x" * 70_000)
    assert login.status_code == 413
    assert login.json()["code"] == "payload_too_large"


def test_a_slow_sender_is_answered_within_the_deadline(served: Served) -> None:
    answer = served.raw(LOGIN + HOST + b"Content-Length: 10\r\n\r\n{")
    assert answer == b""  # not yet, and no worker is held up
    assert served.http.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/openapi.json", "/docs/assets/page.css"])
def test_a_page_does_not_wait_for_a_body_that_never_comes(served: Served, path: str) -> None:
    answer = served.raw(b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\n")
    assert status(answer) == 200


def test_a_head_that_never_ends_is_answered_within_ten_seconds(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST)
        assert status(line.recv(65536)) == 408


def test_a_client_that_leaves_disturbs_nobody(served: Served) -> None:
    served.fake.products.wait = 0.8
    assert served.raw(b"GET /api/products/ HTTP/1.1\r\n" + HOST + b"\r\n") == b""
    served.fake.products.wait = 0.0
    assert served.http.get("/api/products/").status_code == 200
