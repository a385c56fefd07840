"""A thin HTTP client and the two ways to read an answer: `ok` and `problem`."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterator
from decimal import Decimal
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx

TIMEOUT = 15.0  # a request ends within 10 s
_TLS = ssl.create_default_context()  # made once: httpx would make one per client

# what no client may ever see of the inside
LEAKS = (
    "Traceback",
    'File "',
    "pymongo",
    "motor.",
    "sanic",
    "pydantic",
    "mongodb",
    "mongod",
    "E11000",
    "WriteConflict",
    "ServerSelection",
    "NotPrimary",
    "site-packages",
    str(Path(__file__).parents[2]),  # where the shop runs
)


def connect(base_url: str, *, local_address: str | None = None, **options: Any) -> httpx.Client:
    """A client that keeps no cookies: tests send them by hand, so that they see them."""
    transport = httpx.HTTPTransport(
        verify=_TLS, local_address=local_address, limits=httpx.Limits(max_connections=None, keepalive_expiry=3)
    )
    jar = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    options = {"timeout": TIMEOUT, "trust_env": False} | options
    return httpx.Client(base_url=base_url, transport=transport, cookies=jar, **options)


class Api:
    """Requests in one person's name (or nobody's) over a client that many may share."""

    def __init__(self, http: httpx.Client, token: str | None = None) -> None:
        self.http = http
        self.token = token

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", None) or {})
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.http.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)

    @contextlib.contextmanager
    def fresh(self) -> Iterator[Api]:
        """The same person over a new connection, which may reach another worker."""
        with connect(str(self.http.base_url)) as http:
            yield Api(http, self.token)

    def on_every_worker(self, path: str, connections: int = 16) -> set[int]:
        """The statuses of one GET over many connections held open at once: they spread over the workers."""
        statuses = set()
        with contextlib.ExitStack() as stack:
            apis = [stack.enter_context(self.fresh()) for _ in range(connections)]
            for api in apis:
                statuses.add(api.get(path).status_code)
        return statuses

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every page of a list, followed by its cursors to the end."""
        cursor = None
        for _ in range(1000):
            page = ok(self.get(path, params=params | ({"cursor": cursor} if cursor else {})))
            assert set(page) >= {"items", "next_cursor"}, page
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return
        raise AssertionError(f"{path} never ends")

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        return [item for page in self.pages(path, **params) for item in page["items"]]


def describe(response: httpx.Response) -> str:
    sent = response.request
    return f"{sent.method} {sent.url} -> {response.status_code} {response.text[:600]}"


def ok(response: httpx.Response, status: int = 200) -> Any:
    """The body of an answer with the status that was expected; money and counts stay exact."""
    assert response.status_code == status, describe(response)
    if not response.content:
        return None
    assert response.headers["content-type"].split(";")[0] == "application/json", response.headers
    return json.loads(response.content, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")


def problem(response: httpx.Response, status: int, code: str | tuple[str, ...] | None = None) -> dict[str, Any]:
    """The body of an error of RFC 9457, checked for its form and for what it must not tell."""
    assert response.status_code == status, describe(response)
    assert response.headers["content-type"].split(";")[0] == "application/problem+json", describe(response)
    body: dict[str, Any] = response.json()
    assert set(body) >= {"type", "title", "status", "detail", "code"}, body
    assert body["status"] == status, body
    for field in ("type", "title", "detail", "code"):
        assert isinstance(body[field], str) and body[field], body
    assert body["code"] == body["code"].lower().replace(" ", "_").replace("-", "_"), body
    if code is not None:
        assert body["code"] in ((code,) if isinstance(code, str) else code), describe(response)
    if status in (429, 503):
        assert int(response.headers["retry-after"]) >= 0, response.headers
    for word in LEAKS:
        assert word.lower() not in response.text.lower(), f"an error tells {word!r}: {response.text}"
    return body


def invalid(response: httpx.Response, *fields: str) -> dict[str, Any]:
    """A 422 `validation_failed` that names each of the fields."""
    body = problem(response, 422, "validation_failed")
    assert body.get("errors"), f"names no field: {body}"
    for error in body["errors"]:
        assert set(error) >= {"field", "message"} and isinstance(error["message"], str), body
    named = {error["field"] for error in body["errors"]}
    for field in fields:
        assert any(field == name or field in name.replace("[", ".").replace("]", "").split(".") for name in named), (
            f"{field} is not among {named}"
        )
    return body


def outcome(response: httpx.Response) -> str:
    """`201`, or status and code of an error: short to count and to compare."""
    if response.status_code < 400:
        return str(response.status_code)
    return f"{response.status_code} {response.json().get('code')}"
