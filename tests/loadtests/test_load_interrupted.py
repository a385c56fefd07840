"""Ctrl-C in the middle of a run."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import psutil
from runs import command

from tests.support.clock import wait_until
from tests.support.demo import ROOT, clean_environment


def test_a_run_that_is_ended_early_stops_everything_and_still_reports(tmp_path: Path) -> None:
    arguments = ("run", "--scenario", "mixed", "--users", 5, "--time", "120s", "--out", tmp_path)
    said = tmp_path / "said"
    with said.open("w") as output:
        process = subprocess.Popen(
            command(*arguments), cwd=ROOT, env=clean_environment(), stdout=output, stderr=subprocess.STDOUT
        )
    wait_until(lambda: "   3 s" in said.read_text() or process.poll() is not None, "the load runs", within=180)
    assert process.poll() is None, said.read_text()
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 2, said.read_text()
    assert len(below) > 5
    assert not [one for one in below if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["complete"], report["verdict"]) == (False, "consistent")
    assert report["seconds"] < 120 and report["acknowledged"] > 0
    assert "(incomplete)" in (tmp_path / "report.html").read_text()
