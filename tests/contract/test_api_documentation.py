"""The OpenAPI document and the pages under /docs (contract §2, last line)."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import schemathesis

from tests.support.api import ok
from tests.support.routes import CONTRACT, document, normal, operations
from tests.support.shop import Shop

PUBLIC = {
    "POST /api/auth/register", "POST /api/auth/login", "POST /api/auth/refresh", "POST /api/auth/logout",
    "GET /api/products", "GET /api/products/{}", "GET /api/products/categories", "GET /healthz", "GET /readyz",
    "GET /metrics",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(shop: Shop) -> dict[str, Any]:
    return document(shop)


def test_the_document_is_valid_openapi(served: dict[str, Any]) -> None:
    assert served["openapi"].startswith("3.")
    schemathesis.openapi.from_dict(served).validate()


def test_every_route_of_the_contract_is_in_the_document(served: dict[str, Any]) -> None:
    assert set(CONTRACT) - set(operations(served)) == set()


def test_every_path_in_the_document_is_spelt_as_in_the_contract(served: dict[str, Any]) -> None:
    for path in ("/api/products/", "/api/cart/", "/api/orders/", "/api/products/my-products"):
        assert path in served["paths"], sorted(served["paths"])


def test_every_reference_in_the_document_leads_somewhere(served: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": ?"([^"]+)"', ok_text(served)))
    for reference in references:
        assert reference.startswith("#/")
        place: Any = served
        for step in reference[2:].split("/"):
            place = place[step.replace("~1", "/").replace("~0", "~")]


def ok_text(served: dict[str, Any]) -> str:
    return json.dumps(served, default=str)


def test_every_operation_tells_its_answers_its_errors_and_what_it_is(served: dict[str, Any]) -> None:
    for name, operation in operations(served).items():
        if name not in CONTRACT:
            continue
        statuses = set(map(str, operation["responses"]))
        assert any(status.startswith("2") for status in statuses), name
        assert operation.get("summary") or operation.get("description"), name
        if name not in PUBLIC:
            assert {"401", "403"} & statuses, f"{name} does not tell of 401 or 403: {statuses}"
            assert operation.get("security", served.get("security")), f"{name} does not say that it needs a token"
        if "{}" in name:
            assert "404" in statuses, name


def test_every_error_in_the_document_is_problem_json(served: dict[str, Any]) -> None:
    for name, operation in operations(served).items():
        for status, response in operation["responses"].items():
            if name in CONTRACT and str(status).startswith(("4", "5")) and name != "GET /readyz":
                shared = served.get("components", {}).get("responses", {})
                named = shared[response["$ref"].rsplit("/", 1)[1]] if "$ref" in response else response
                assert "application/problem+json" in named.get("content", {}), (name, status)


def test_bodies_and_answers_have_schemas_and_examples(served: dict[str, Any]) -> None:
    with_body = {
        "POST /api/auth/register", "POST /api/auth/login", "POST /api/products", "PUT /api/products/{}",
        "POST /api/products/{}/stock", "PUT /api/cart/items/{}", "POST /api/orders", "PUT /api/orders/{}/status",
    }  # fmt: skip
    found = operations(served)
    for name in with_body:
        assert found[name]["requestBody"]["content"]["application/json"]["schema"], name
    assert "example" in ok_text(served)
    assert "Idempotency-Key" in ok_text(found["POST /api/orders"].get("parameters"))


def test_names_in_paths_are_declared(served: dict[str, Any]) -> None:
    for path, methods in served["paths"].items():
        for method, operation in methods.items():
            names = set(re.findall(r"\{([^}]*)\}", path))
            declared = [*methods.get("parameters", []), *operation.get("parameters", [])]
            assert names <= {one["name"] for one in declared if one.get("in") == "path"}, normal(method, path)


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loading = tag in ("script", "img", "iframe", "link", "source", "embed", "object")
        self.found += [value for name, value in attrs if loading and name in ("src", "href", "data") and value]


def test_the_pages_load_nothing_from_outside(shop: Shop) -> None:
    answer = shop.anonymous.get("/docs", follow_redirects=True)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    links = Links()
    links.feed(answer.text)
    assert links.found, "a page without a script shows no document"
    for link in links.found:
        target = urljoin(str(answer.url), link)
        assert urlsplit(target).netloc == urlsplit(shop.url).netloc or link.startswith("data:"), link
        if not link.startswith("data:"):
            asset = shop.anonymous.get(target)
            assert asset.status_code == 200, (link, asset.status_code)
            if "css" in asset.headers["content-type"]:
                assert not re.findall(r"(?:url\(|@import )['\"]?(?:https?:)?//", asset.text), link
    inline = re.sub(r"<a [^>]*>", "", answer.text)
    assert not re.findall(r"(?:src|href|url|fetch)\s*[=:(]\s*['\"](?:https?:)?//(?!127\.0\.0\.1)", inline)


def test_the_pages_forbid_what_they_do_not_need(shop: Shop) -> None:
    policy = shop.anonymous.get("/docs", follow_redirects=True).headers["content-security-policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert not re.search(r"https?:", policy)


def test_the_pages_name_the_document(shop: Shop) -> None:
    page = shop.anonymous.get("/docs", follow_redirects=True)
    links = Links()
    links.feed(page.text)
    scripts = [shop.anonymous.get(urljoin(str(page.url), link)).text for link in links.found if link.endswith(".js")]
    assert any("openapi.json" in text for text in [page.text, *scripts])


def test_the_document_is_served_to_anybody(shop: Shop) -> None:
    assert ok(shop.anonymous.get("/docs/openapi.json"))["info"]["title"]
