"""Machine-made requests from the served document: no 5xx but 503, no undocumented answer."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import ok
from tests.support.demo import clean_environment
from tests.support.matrix import Setup
from tests.support.running import running
from tests.support.shop import Shop

SECONDS = 35  # for each role
# would stop the database under the other requests or load it for minutes, delete the person who asks, end the
# session that asks; one expression, because only the last one given counts
LEFT_OUT = r"^(/api/lab/nodes/.*|/api/lab/load|/api/admin/users/\{.*|/api/auth/logout)$"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "missing_required_header",
    "unsupported_method",
)  # not use_after_free: by contract a deleted product's logs stay
CONFIG = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]

[checks.negative_data_rejection]  # what is too long to be read is refused as well
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, 503]
"""


@pytest.fixture(scope="module")
def fuzzed(setup: Setup) -> Iterator[Shop]:
    with running(setup) as shop:
        seller, buyer = shop.seller(), shop.buyer()
        shop.buy(buyer, (shop.product(seller), 1))
        yield shop


@pytest.mark.parametrize("role", ["admin", "seller", "buyer"])
def test_no_request_made_by_a_machine_gets_an_undocumented_answer(fuzzed: Shop, role: str, tmp_path: Path) -> None:
    people = {"admin": fuzzed.admin, "seller": fuzzed.seller, "buyer": fuzzed.buyer}
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)]
    command += ["run", f"{fuzzed.url}/docs/openapi.json", "--checks", ",".join(CHECKS)]
    command += ["--header", f"Authorization: Bearer {people[role]().api.token}"]
    command += ["--max-time", str(SECONDS), "--max-examples", "40", "--seed", "1", "--request-timeout", "12"]
    command += ["--suppress-health-check", "all", "--no-shrink", "--no-color", "--continue-on-failure"]
    command += ["--exclude-path-regex", LEFT_OUT]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS * 4,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2000:]
    tested, generated = re.search(r"Tested: (\d+)", done.stdout), re.search(r"(\d+) generated", done.stdout)
    assert tested and int(tested[1]) >= 30, f"hardly anything was asked: {done.stdout[-2000:]}"
    assert generated and int(generated[1]) >= 100, f"hardly anything was asked: {done.stdout[-2000:]}"


def test_what_the_machine_left_behind_is_consistent(fuzzed: Shop) -> None:
    ok(fuzzed.anonymous.get("/readyz"))
    report = fuzzed.audit()
    assert (report["consistent"], report["violations"]) == (True, [])
