"""Bytes that no client should send: answered with 4xx, never 5xx, and the worker lives (facts.md, Server)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.api import ok
from tests.support.shop import Shop, new_email
from tests.support.wire import Raw, json_request, request, send

LOGIN, REGISTER = "/api/auth/login", "/api/auth/register"
GOOD = b'{"email":"nobody@example.com","password":"x"}'
DEEP = 50_000
LIMIT = 64 * 1024

HEADS: dict[str, bytes] = {
    "a space before the colon of Content-Length": request("POST", LOGIN, "Content-Length : 3", body=b"{}\n"),
    "a space before the colon of Transfer-Encoding": request(
        "POST", LOGIN, "Transfer-Encoding : chunked", body=b"2\r\n{}\r\n0\r\n\r\n"
    ),
    "a tab before the colon": request("GET", "/healthz", "X-Any\t: 1"),
    "no Host": request("GET", "/healthz", host=False),
    "two Hosts": request("GET", "/healthz", "Host: evil.example"),
    "two equal Hosts": request("GET", "/healthz", "Host: 127.0.0.1"),
    "two lengths": request("POST", LOGIN, "Content-Length: 2", "Content-Length: 45", body=GOOD),
    "a negative length": request("POST", LOGIN, "Content-Length: -1"),
    "a length in words": request("POST", LOGIN, "Content-Length: three"),
    "a length with a sign": request("POST", LOGIN, "Content-Length: +2", body=b"{}"),
    "a length with an underscore": request("POST", LOGIN, "Content-Length: 0_2", body=b"{}"),
    "a length beyond every number": request("POST", LOGIN, "Content-Length: " + "9" * 40),
    "a chunk of no size": request("POST", LOGIN, "Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of a negative size": request("POST", LOGIN, "Transfer-Encoding: chunked", body=b"-2\r\n{}\r\n0\r\n\r\n"),
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a request line of two words": b"GET /healthz\r\nHost: 127.0.0.1\r\n\r\n",
    "another protocol": b"GET /healthz HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "a head without end": request("GET", "/healthz", "X-Long: " + "x" * 70_000),
    "a path without end": request("GET", "/" + "x" * 70_000),
    "a header without a colon": request("GET", "/healthz", "nonsense"),
}

BODIES: dict[str, bytes] = {
    "NaN": b'{"name":"x","price":NaN,"stock":1,"category":"c"}',
    "Infinity": b'{"name":"x","price":Infinity,"stock":1,"category":"c"}',
    "minus Infinity": b'{"name":"x","price":-Infinity,"stock":1,"category":"c"}',
    "a number beyond floats": b'{"name":"x","price":1e999,"stock":1,"category":"c"}',
    "a number of many digits": b'{"name":"x","price":1,"stock":' + b"9" * 30_000 + b',"category":"c"}',
    "a fraction of many digits": b'{"name":"x","price":0.' + b"1" * 30_000 + b',"stock":1,"category":"c"}',
    "a tiny exponent": b'{"name":"x","price":1e-9999999,"stock":1,"category":"c"}',
    "an integer over 64 bits": b'{"name":"x","price":1,"stock":18446744073709551616,"category":"c"}',
    "one key twice": b'{"name":"x","name":"y","price":1,"stock":1,"category":"c"}',
    "one key twice, deep inside": b'{"name":"x","price":1,"stock":1,"category":"c","extra":{"a":1,"a":2}}',
    "deep lists": b"[" * DEEP,
    "deep lists that end": b"[" * (DEEP // 2) + b"]" * (DEEP // 2),
    "deep objects": b'{"a":' * (DEEP // 5) + b"1" + b"}" * (DEEP // 5),
    "bytes that are no UTF-8": b'{"name":"\xff\xfe","price":1,"stock":1,"category":"c"}',
    "an overlong slash": b'{"name":"\xc0\xaf","price":1,"stock":1,"category":"c"}',
    "a surrogate in UTF-8": b'{"name":"\xed\xa0\x80","price":1,"stock":1,"category":"c"}',
    "half a surrogate pair": b'{"name":"\\ud800","price":1,"stock":1,"category":"c"}',
    "half a pair in a key": b'{"\\ud800":1,"name":"x","price":1,"stock":1,"category":"c"}',
    "half a pair as category": b'{"name":"x","price":1,"stock":1,"category":"\\udfff"}',
    "UTF-16": '{"name":"x","price":1,"stock":1,"category":"c"}'.encode("utf-16"),
    "a raw control character": b'{"name":"a\x00b","price":1,"stock":1,"category":"c"}',
    "nothing but spaces": b" " * 1000,
    "half an object": b'{"name":"x",',
}


@pytest.fixture(scope="module", autouse=True)
def living_workers(shop: Shop) -> Iterator[None]:
    before = shop.demo.worker_pids()
    assert len(before) == shop.demo.workers
    yield
    assert shop.demo.worker_pids() == before, "a worker died of it"


def refused(shop: Shop, answer: Raw) -> None:
    assert 400 <= answer.status < 500, answer
    assert b"application/problem+json" in answer.head.lower(), answer
    for word in (b"traceback", b"sanic", b'file "'):
        assert word not in answer.body.lower() + answer.head.lower(), answer
    assert shop.anonymous.on_every_worker("/healthz", 6) == {200}


def test_the_unspoilt_bytes_are_answered(shop: Shop) -> None:
    """Otherwise the tests below would pass for the wrong reason."""
    assert send(shop.demo, request("GET", "/healthz")).status == 200
    assert send(shop.demo, json_request(LOGIN, GOOD)).status == 401
    chunked = request(
        "POST", LOGIN, "Content-Type: application/json", "Transfer-Encoding: chunked",
        body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD),
    )  # fmt: skip
    assert send(shop.demo, chunked).status == 401


@pytest.mark.parametrize("case", HEADS)
def test_a_bad_head_is_refused(shop: Shop, case: str) -> None:
    refused(shop, send(shop.demo, HEADS[case]))


@pytest.mark.parametrize("case", BODIES)
def test_a_bad_body_is_refused(shop: Shop, case: str) -> None:
    token = f"Authorization: Bearer {shop.seller().api.token}"
    refused(shop, send(shop.demo, json_request("/api/products/", BODIES[case], token)))


@pytest.mark.parametrize("case", BODIES)
def test_a_bad_body_is_refused_from_strangers_too(shop: Shop, case: str) -> None:
    refused(shop, send(shop.demo, json_request(LOGIN, BODIES[case])))


@pytest.mark.parametrize("field", ["email", "name", "password"])
@pytest.mark.parametrize("text", ["\\u0000", "\\ud800 and more", "\\udc00\\ud800", "a\\u0000b@example.com"])
def test_impossible_characters_in_an_account_never_break_the_server(shop: Shop, field: str, text: str) -> None:
    values = {"email": new_email(), "name": "Kim", "password": "12345678"} | {field: text}
    body = ",".join(f'"{name}":"{value}"' for name, value in values.items())
    answer = send(shop.demo, json_request(REGISTER, b"{" + body.encode() + b"}"))
    if field == "password" and answer.status == 201:
        ok(shop.anonymous.post(LOGIN, content=b"{%s}" % body.encode().replace(b'"name":"Kim",', b"")))
        return  # any characters may make a password, as long as it opens the door again
    refused(shop, answer)


def test_a_body_over_the_limit_is_refused_before_it_is_sent(shop: Shop) -> None:
    head = request("POST", LOGIN, "Content-Type: application/json", f"Content-Length: {10 * 1024**3}")
    answer = send(shop.demo, head)
    assert answer.status == 413, answer
    refused(shop, answer)


@pytest.mark.parametrize("size", [LIMIT + 1, 4 * 1024 * 1024])
def test_a_body_over_the_limit_is_too_large(shop: Shop, size: int) -> None:
    answer = send(shop.demo, json_request(LOGIN, b'"' + b"x" * (size - 2) + b'"'))
    assert answer.status == 413, answer


@pytest.mark.parametrize("size", [LIMIT + 1, 4 * 1024 * 1024])
def test_a_chunked_body_over_the_limit_is_too_large(shop: Shop, size: int) -> None:
    head = request("POST", LOGIN, "Content-Type: application/json", "Transfer-Encoding: chunked")
    piece = b"%x\r\n%s\r\n" % (8192, b"x" * 8192)
    answer = send(shop.demo, head, *[piece] * (size // 8192 + 1), b"0\r\n\r\n")
    assert answer.status == 413, answer
    refused(shop, answer)


def test_a_second_request_hidden_in_the_first_is_not_answered_twice(shop: Shop) -> None:
    hidden = request("GET", "/healthz")
    answer = send(shop.demo, request("POST", LOGIN, f"Content-Length : {len(hidden)}", body=hidden))
    assert answer.body.count(b"HTTP/1.1") == 0 and 400 <= answer.status < 500, answer
