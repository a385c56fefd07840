"""Runs that are ended in the middle leave no process."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from runs import behind, command

from loadtests.common import stage
from tests.support.clock import wait_until
from tests.support.demo import ROOT, clean_environment
from tests.support.shop import Shop


@contextmanager
def started(out: Path, scenario: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """A run of two minutes, ended afterwards."""
    asked = command("run", "--scenario", scenario, "--users", 5, "--time", "120s", "--out", out, *arguments)
    with (out / "said").open("w") as output:
        process = subprocess.Popen(asked, cwd=ROOT, env=clean_environment(), stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(120)


@contextmanager
def under_way(out: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[bytes], list[psutil.Process]]]:
    """A run after its first three seconds, and the processes below it."""
    said = out / "said"
    with started(out, "mixed", *arguments) as process:
        wait_until(lambda: "   3 s" in said.read_text() or process.poll() is not None, "the load runs", within=180)
        assert process.poll() is None, said.read_text()
        yield process, below(process)


def below(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_a_run_that_is_ended_early_stops_everything_and_still_reports(tmp_path: Path) -> None:
    with under_way(tmp_path) as (process, running):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 2, (tmp_path / "said").read_text()
    assert len(running) > 5 and not alive(running)
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["complete"], report["verdict"]) == (False, "consistent")
    assert report["seconds"] < 120 and report["acknowledged"] > 0
    assert "(incomplete)" in (tmp_path / "report.html").read_text()


def test_the_load_ends_when_whoever_ran_it_is_killed(shop: Shop, tmp_path: Path) -> None:
    with under_way(tmp_path, *behind(shop)) as (process, running):
        assert alive(running)
        process.kill()
        wait_until(lambda: not alive(running), "Locust ends by itself", within=30)


def test_load_processes_that_are_ended_before_their_users_have_begun_lose_no_ledger(
    shop: Shop, tmp_path: Path
) -> None:
    """Locust's master takes no notice of a stop while it waits for its workers."""
    with started(tmp_path, "hot_item", "--processes", 2, *behind(shop)) as process:
        wait_until(lambda: len(below(process)) == 3 or process.poll() is not None, "master and workers", within=60)
        assert ended(process, tmp_path)["verdict"] == "consistent"


def test_load_processes_that_are_ended_with_their_first_sale_lose_no_ledger(shop: Shop, tmp_path: Path) -> None:
    """Workers report every three seconds: the first sales are told in the last report alone."""
    with started(tmp_path, "hot_item", "--processes", 2, *behind(shop)) as process:
        stage_file = tmp_path / "ledger" / stage.FILE
        wait_until(stage_file.exists, "the stage is set", within=60)
        (product,) = wait_until(lambda: products(stage_file), "the stage is written", within=10)
        path = f"/api/products/{product.id}"
        wait_until(
            lambda: shop.anonymous.get(path).json()["stock"] < product.stock, "the first sale", within=60, every=0.02
        )
        report = ended(process, tmp_path)
    assert report["verdict"] == "consistent", (tmp_path / "said").read_text()
    assert 0 < report["history"]["changes"] - 1 <= report["acknowledged"] + report["unknown"]


def products(stage_file: Path) -> list[stage.Product]:
    with contextlib.suppress(ValueError):  # half written
        return stage.load(stage_file.read_text()).products
    return []


def ended(process: subprocess.Popen[bytes], out: Path) -> dict[str, Any]:
    """The report of a run that is ended now."""
    running = below(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 2, (out / "said").read_text()
    assert not alive(running)
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    assert report["complete"] is False
    return report
