"""Runs that are ended in the middle leave no process."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from runs import behind, command

from tests.support.clock import wait_until
from tests.support.demo import ROOT, clean_environment
from tests.support.shop import Shop


@contextmanager
def under_way(out: Path, *arguments: object) -> Iterator[tuple[subprocess.Popen[bytes], list[psutil.Process]]]:
    """A run of two minutes after its first three seconds, and the processes below it."""
    said = out / "said"
    asked = command("run", "--scenario", "mixed", "--users", 5, "--time", "120s", "--out", out, *arguments)
    with said.open("w") as output:
        process = subprocess.Popen(asked, cwd=ROOT, env=clean_environment(), stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "   3 s" in said.read_text() or process.poll() is not None, "the load runs", within=180)
        assert process.poll() is None, said.read_text()
        yield process, psutil.Process(process.pid).children(recursive=True)
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(120)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_a_run_that_is_ended_early_stops_everything_and_still_reports(tmp_path: Path) -> None:
    with under_way(tmp_path) as (process, below):
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 2, (tmp_path / "said").read_text()
    assert len(below) > 5 and not alive(below)
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["complete"], report["verdict"]) == (False, "consistent")
    assert report["seconds"] < 120 and report["acknowledged"] > 0
    assert "(incomplete)" in (tmp_path / "report.html").read_text()


def test_the_load_ends_when_whoever_ran_it_is_killed(shop: Shop, tmp_path: Path) -> None:
    with under_way(tmp_path, *behind(shop)) as (process, below):
        assert alive(below)
        process.kill()
        wait_until(lambda: not alive(below), "Locust ends by itself", within=30)
