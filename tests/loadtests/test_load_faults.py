"""Runs during which nodes and workers die, on sets of three."""

from __future__ import annotations

from pathlib import Path

from runs import run_on

from tests.support.shop import Shop

PLANS = {
    "replica": "stepdown@2s,kill-committer@5s,kill-primary@9s+3s",
    "sharded": "move-chunk@1s,kill-router@6s+1s,kill-primary@11s+3s",
}


def test_a_run_with_faults_comes_out_consistent_and_tells_the_gaps(broken: Shop, tmp_path: Path) -> None:
    plan = PLANS[broken.demo.topology]
    expected = [fault.partition("@")[0] for fault in plan.split(",")]
    done = run_on(broken, tmp_path, "mixed_cart", "--users", 4, "--time", "16s", "--faults", plan)
    assert done.code == 0, done.said
    report = done.report
    assert (report["verdict"], report["lost"], report["duplicated"]) == ("consistent", 0, 0)
    assert [fault["what"] for fault in report["faults"]] == expected, done.said
    assert all(fault["node"] and fault["write_gap_seconds"] > 0 for fault in report["faults"])
    assert report["write_gap_seconds"] >= max(fault["write_gap_seconds"] for fault in report["faults"]) - 0.01
    assert report["acknowledged"] > 0
    page = (tmp_path / "report.html").read_text()
    assert all(what in page for what in expected)
