"""Every scenario, briefly, on both topologies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from runs import behind, loadtests, run, run_on

from loadtests.common import ledger
from loadtests.common.needs import SCENARIOS
from tests.support.clock import wait_until
from tests.support.demo import ROOT, clean_environment, free_port
from tests.support.matrix import Setup
from tests.support.shop import Shop

READS_ONLY = ("browse",)
OWN_TESTS = ("flash_sale", "realtime")


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name not in OWN_TESTS])
def test_a_scenario_comes_out_consistent(shop: Shop, scenario: str, tmp_path: Path) -> None:
    done = run_on(shop, tmp_path, scenario, "--users", 6, "--time", "2s")
    assert done.code == 0, done.said
    report = done.report
    assert (report["verdict"], report["violations"], report["complete"]) == ("consistent", [], True), done.said
    assert (report["lost"], report["duplicated"], report["oversold_units"]) == (0, 0, 0)
    assert (report["acknowledged"] > 0) == (scenario not in READS_ONLY)
    assert report["requests_per_second"] > 0 and report["latency_ms"]
    assert report["audit"]["consistent"] is True
    assert report["seconds"] >= 1.5, "a run lasts as long as it should"
    assert (tmp_path / "report.html").read_text().count("<svg") >= 3


def test_watchers_see_what_is_bought(shop: Shop, tmp_path: Path) -> None:
    done = run_on(shop, tmp_path, "realtime", "--users", 5, "--time", "4s")
    assert done.code == 0, done.said
    kept = ledger.read(tmp_path / "ledger")
    assert len(kept.seen) > 5 and {"CONNECT socket.io", "EVENT stock_update"} <= done.report["latency_ms"].keys()
    assert not any(second.failures for second in kept.seconds)


def test_a_flash_sale_sells_what_there_is_and_tells_the_others(shop: Shop, tmp_path: Path) -> None:
    done = run_on(shop, tmp_path, "flash_sale", "--users", 150, "--stock", 40, "--time", "5s")
    assert done.code == 0, done.said
    report = done.report
    assert (report["acknowledged"], report["unknown"], report["oversold_units"]) == (40, 0, 0), done.said
    assert report["rejected"] == 110


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_thousand_want_a_hundred_units(shop: Shop, tmp_path: Path) -> None:
    done = run_on(shop, tmp_path, "flash_sale", "--users", 1000, "--stock", 100, "--time", "20s")
    assert done.code == 0, done.said
    assert (done.report["acknowledged"], done.report["rejected"], done.report["unknown"]) == (100, 900, 0), done.said


def test_a_shop_of_which_nothing_but_its_address_is_known_is_judged_over_http(shop: Shop, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("demo123\n")
    out = tmp_path / "out"
    arguments = ("--scenario", "restock", "--users", 4, "--time", "2s", "--out", out)
    done = loadtests(out, "run", *arguments, "--host", shop.url, "--admin-password-file", secret)
    assert done.code == 0, done.said
    assert done.report["verdict"] == "consistent" and done.report["acknowledged"] > 0


def test_a_wrong_admin_password_is_named(shop: Shop, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong")
    arguments = ("--scenario", "browse", "--users", 1, "--time", "1s", "--out", tmp_path)
    done = loadtests(tmp_path, "run", *arguments, "--host", shop.url, "--admin-password-file", secret)
    assert done.code == 2 and "admin@demo.com was refused with 401" in done.said


def test_locust_by_itself_sets_a_stage_of_its_own_and_leaves_ledgers_that_can_be_checked(
    shop: Shop, tmp_path: Path
) -> None:
    """As from Locust's own web page: the same hooks run there."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", "--only-summary"),
            *("--users", "3", "--run-time", "3s", "--host", shop.url, "Restock"),
        ],
        cwd=ROOT,
        env=clean_environment(SHARDMART_LOAD_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "POST /api/orders/" in done.stdout + done.stderr
    checked = loadtests(tmp_path, "check", tmp_path, *behind(shop))
    assert checked.code == 0, checked.said
    assert "CONSISTENT: " in checked.said and "CONSISTENT: 0 acknowledged" not in checked.said
    assert '"token": ""' in (tmp_path / "stage.json").read_text()


def test_a_run_reads_where_it_is_told_to(setup: Setup, tmp_path: Path) -> None:
    """A demo of its own, whose secondaries answer catalogue pages."""
    done = run(
        *(tmp_path, "browse", "--topology", setup.topology, "--nodes", 2),
        *("--read-preference", "secondaryPreferred", "--users", 3, "--time", "2s"),
    )
    assert done.code == 0, done.said
    report = done.report
    assert (report["read_preference"], report["verdict"]) == ("secondaryPreferred", "consistent")
    assert report["settings"]["SHARDMART_CATALOGUE_READS"] == "secondaryPreferred"
    assert report["requests_per_second"] > 0


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_from_locusts_own_page_leaves_ledgers_that_can_be_checked(
    shop: Shop, workers: int, tmp_path: Path
) -> None:
    """Start and stop as the page's buttons do; with workers the master brings their ledgers together."""
    with locust_page(shop, tmp_path, workers=workers) as page:
        assert "Locust" in page.get("/").text
        form = {"user_count": 4, "spawn_rate": 4, "host": shop.url, "user_classes": ["HotItem"]}
        begun = page.post("/swarm", data=form).json()
        assert begun["success"], begun
        wait_until(lambda: sold(page) > 20, "users buy", within=60)
        assert page.post("/stop").json()["success"]
        known = sold(page)
    checked = loadtests(tmp_path, "check", tmp_path, *behind(shop))
    assert checked.code == 0, checked.said
    assert len(list(tmp_path.glob("ledger-*.jsonl"))) == max(1, workers)
    kept = ledger.read(tmp_path)
    assert kept.count(ledger.ACKNOWLEDGED) >= known > 20 and kept.count(ledger.UNKNOWN) == 0


def sold(page: httpx.Client) -> int:
    """What the page's table says of checkouts."""
    rows = page.get("/stats/requests").json()["stats"]
    return sum(row["num_requests"] for row in rows if row["name"].endswith("/api/orders/"))


@contextmanager
def locust_page(shop: Shop, directory: Path, *, workers: int) -> Iterator[httpx.Client]:
    """`locust -f loadtests/locustfile.py` as docs/load.md says, and workers that join it."""
    locust = (sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py")
    port, meeting = str(free_port()), str(free_port())
    first = [*locust, "--class-picker", "--host", shop.url, "--web-host", "127.0.0.1", "--web-port", port]
    first += ["--stop-timeout", "10"]
    first += ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", meeting] if workers else []
    joining = [*locust, "--worker", "--master-host", "127.0.0.1", "--master-port", meeting]
    with ExitStack() as running:
        for command in (first, *[joining] * workers):
            running.enter_context(process(command, directory))
        page = running.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False))
        wait_until(lambda: joined(page) == workers, "the page is served and workers have joined", within=60)
        yield page


def joined(page: httpx.Client) -> int:
    with suppress(httpx.HTTPError):
        return len(page.get("/stats/requests").json().get("workers", ()))
    return -1


@contextmanager
def process(command: list[str], directory: Path) -> Iterator[None]:
    """One of Locust's processes, asked to end as Ctrl-C does."""
    environment = clean_environment(SHARDMART_LOAD_DIR=str(directory))
    with (directory / "said").open("ab") as said:
        started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(60)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
            raise


def test_several_load_processes_keep_one_ledger(shop: Shop, tmp_path: Path) -> None:
    done = run_on(shop, tmp_path, "hot_item", "--users", 6, "--time", "4s", "--processes", 2)
    assert done.code == 0, done.said
    assert len(list((tmp_path / "ledger").glob("ledger-*.jsonl"))) == 2
    assert done.report["acknowledged"] == done.report["history"]["changes"] - 1, done.said
