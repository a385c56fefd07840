"""The front end's build as the server gives it out."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.unit.web.conftest import Served

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = b"console.log('shop')" * 20
ZIPPED = gzip.compress(SCRIPT)


@pytest.fixture
def site(serve: Callable[..., Served], tmp_path: Path) -> Served:
    build = tmp_path / "dist"
    (build / "assets").mkdir(parents=True)
    (build / "index.html").write_text("<!doctype html><title>The shop</title>")
    (build / "favicon.svg").write_text("<svg/>")
    script = build / "assets" / "index-1a2b3c.js"
    script.write_bytes(SCRIPT)
    script.with_name("index-1a2b3c.js.gz").write_bytes(ZIPPED)
    script.with_name("index-1a2b3c.js.br").write_bytes(b"brotli")
    (tmp_path / "secret.txt").write_text("secret")
    (build / "link.txt").symlink_to(tmp_path / "secret.txt")
    return serve(static_dir=build)


def get(site: Served, path: str, **headers: str) -> httpx.Response:
    return site.http.get(path, headers=headers)


def test_the_page_is_asked_for_again_and_its_scripts_are_its_own(site: Served) -> None:
    answer = get(site, "/", **PAGE)
    assert (answer.status_code, "The shop" in answer.text) == (200, True)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"]) == ("'none'", "'self'")
    assert policy["connect-src"] == "'self' ws://shop.test"


def test_who_has_the_page_is_told_so(site: Served) -> None:
    tag = get(site, "/").headers["etag"]
    again = get(site, "/", **{"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert get(site, "/", **{"if-none-match": '"other"'}).status_code == 200


def test_what_has_a_hash_in_its_name_may_be_kept_for_ever(site: Served) -> None:
    answer = get(site, "/assets/index-1a2b3c.js", **{"accept-encoding": "identity"})
    assert answer.content == SCRIPT
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"] and "max-age=31536000" in answer.headers["cache-control"]
    assert get(site, "/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "given"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0.0,gzip;q=0", None),
        ("", None),
        ("zstd", None),
    ],
)
def test_who_takes_a_compressed_file_gets_it(site: Served, accepted: str, given: str | None) -> None:
    request = site.http.build_request("GET", "/assets/index-1a2b3c.js", headers={"accept-encoding": accepted})
    answer = site.http.send(request, stream=True)
    raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == given
    assert answer.headers["vary"] == "Accept-Encoding"
    assert raw == {"br": b"brotli", "gzip": ZIPPED, None: SCRIPT}[given]
    assert answer.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/products/x", "/cart", "/seller/orders", "/apiary", "/lab"])
def test_a_page_of_the_application_is_the_application(site: Served, path: str) -> None:
    answer = get(site, path, **PAGE)
    assert (answer.status_code, "The shop" in answer.text) == (200, True)
    assert site.http.head(path, headers=PAGE).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/nothing", "/docs/nothing", "/metrics/x", "/healthz/x", "/readyz/x", "/socket.io", "/socket.io/x"],
)
def test_what_is_the_servers_is_no_page(site: Served, path: str) -> None:
    answer = get(site, path, **PAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_call_of_a_script_is_no_page(site: Served) -> None:
    assert get(site, "/cart", accept="application/json").status_code == 404
    assert get(site, "/cart", accept="*/*").status_code == 404
    assert get(site, "/assets/index-old.js", **PAGE).status_code == 404
    assert site.http.post("/cart", headers=PAGE).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..\\secret.txt",
        "//secret.txt",
        "/link.txt",
        "/assets/index-1a2b3c.js.br",
    ],
)
def test_no_path_leads_out_of_the_build(site: Served, path: str) -> None:
    answer = site.raw(f"GET {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")) and b"secret\r\n" not in answer


def test_files_are_only_read(site: Served) -> None:
    answer = site.http.post("/favicon.svg")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_the_api_and_its_pages_stay_where_they_are(site: Served) -> None:
    for path in ("/docs", "/docs/openapi.json", "/healthz", "/api/products/"):
        assert get(site, path, **PAGE).status_code == 200
        assert "<title>The shop" not in get(site, path, **PAGE).text


def test_without_a_build_there_is_a_landing_page(served: Served) -> None:
    assert "API documentation" in get(served, "/", **PAGE).text
    assert get(served, "/cart", **PAGE).status_code == 404
