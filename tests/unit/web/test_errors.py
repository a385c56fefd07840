"""Whatever goes wrong, the answer is a problem document that says enough and nothing more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from shardmart.domain import errors as domain
from shardmart.web import errors
from tests.unit.web.conftest import Served
from tests.unit.web.fakes import FakeShop


def _all(error: type[domain.ShardmartError]) -> Iterator[type[domain.ShardmartError]]:
    for child in error.__subclasses__():
        yield child
        yield from _all(child)


@pytest.mark.parametrize("error", list(_all(domain.ShardmartError)), ids=lambda error: error.__name__)
def test_every_domain_error_has_a_status_below_500_or_503(error: type[domain.ShardmartError]) -> None:
    assert 400 <= errors.status_of(error) < 500 or errors.status_of(error) == 503


def test_a_problem_document_has_the_fields_of_rfc_9457(served: Served) -> None:
    answer = served.http.get("/api/products/nonsense")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:shardmart:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is nothing here.",
        "code": "not_found",
    }


@pytest.mark.parametrize("path", ["/nope", "/api/nope", "/api/products/a/b/c", "/docs/assets/nope", "/%00", "/..%2f"])
def test_an_unknown_path_is_404(served: Served, path: str) -> None:
    answer = served.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/products/", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/api/products", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/api/products/x", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("GET", "/api/auth/login/", "OPTIONS, POST"),
        ("TRACE", "/", "GET, HEAD, OPTIONS"),
        ("PROPFIND", "/healthz", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_405_and_says_what_is_allowed(served: Served, method: str, path: str, allowed: str) -> None:
    answer = served.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["code"] == "method_not_allowed"


def test_an_unexpected_error_tells_nothing_and_is_logged_with_the_request_id(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    served.fake.products.fail = RuntimeError("secret internals")
    with caplog.at_level(logging.ERROR):
        answer = served.http.get("/api/products/", headers={"x-request-id": "looking-for-it"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.message == "request failed"]
    assert record.request_id == "looking-for-it"  # type: ignore[attr-defined]


def test_a_database_that_is_away_is_503_with_retry_after(served: Served) -> None:
    served.fake.away()
    answer = served.http.get("/api/products/")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_request_that_takes_too_long_is_503(serve: Callable[..., Served]) -> None:
    fake = FakeShop()
    fake.products.wait = 5.0
    answer = serve(fake, request_seconds=0.3).http.get("/api/products/")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "retry-after" in answer.headers


def test_too_many_attempts_are_429_with_retry_after(served: Served) -> None:
    served.fake.limits.wait = 17
    answer = served.http.post("/api/auth/login", json={"email": "x", "password": "y"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "rate_limited", "17")


def test_wrong_fields_are_named(served: Served) -> None:
    answer = served.http.post("/api/auth/login", json={"email": 1, "more": 2})
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"email", "password", "more"}


@pytest.mark.parametrize("body", [b"", b"nonsense", b'{"email":1,"email":2}', b'{"email": "\\ud800"}', b"[" * 40_000])
def test_a_body_that_is_no_json_is_400(served: Served, body: bytes) -> None:
    answer = served.http.post("/api/auth/login", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


def test_a_body_that_is_no_object_is_422(served: Served) -> None:
    assert served.http.post("/api/auth/login", content=b"[1]").status_code == 422
