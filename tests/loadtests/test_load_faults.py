"""Runs during which nodes and workers die, on sets of three."""

from __future__ import annotations

from pathlib import Path

from runs import run, run_on

from cluster.network import why_not
from loadtests.faults.plan import parse
from tests.support.matrix import Setup
from tests.support.shop import Shop

PLANS = {
    "replica": "stepdown@2s,kill-committer@5s,kill-worker@7s,kill-primary@9s+3s",
    "sharded": "move-chunk@1s,kill-router@6s+1s,kill-worker@9s,kill-primary@11s+3s",
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


def test_a_run_with_faults_left_to_chance_comes_out_consistent(broken: Shop, tmp_path: Path) -> None:
    done = run_on(broken, tmp_path, "mixed", "--users", 4, "--time", "20s", "--faults", "random:3")
    assert done.code == 0, done.said
    drawn = parse("random:3", topology=broken.demo.topology, strategy="auto", seconds=20)
    assert [fault["what"] for fault in done.report["faults"]] == [fault.what for fault in drawn] != []
    assert (done.report["verdict"], done.report["complete"]) == ("consistent", True)


def test_a_demo_without_a_network_of_its_members_own_cannot_be_partitioned(broken: Shop, tmp_path: Path) -> None:
    done = run_on(broken, tmp_path, "uniform", "--time", "5s", "--faults", "partition:primary@1s")
    assert done.code == 2 and "was not started with --network" in done.said


def test_a_partition_loses_nothing_that_was_acknowledged(setup: Setup, tmp_path: Path) -> None:
    """A demo of its own; on a machine that has no namespaces to give, the refusal."""
    plan = "delay:secondaries@1s+1s,partition:primary@3s+11s,loss:secondaries@15s+1s"
    done = run(
        *(tmp_path, "mixed_cart", "--topology", setup.topology, "--nodes", 3),
        *("--users", 4, "--time", "17s", "--faults", plan),
    )
    if reason := why_not():
        assert done.code == 2 and "network namespace" in done.said and reason in done.said
        return
    assert done.code == 0, done.said
    report = done.report
    assert (report["verdict"], report["lost"], report["duplicated"]) == ("consistent", 0, 0)
    assert [fault["what"] for fault in report["faults"]] == ["delay", "partition", "loss"], done.said
    cut_off = report["faults"][1]
    assert "," not in cut_off["node"] and cut_off["write_gap_seconds"] > 0.5, "nobody writes until another is elected"
    assert cut_off["write_gap_seconds"] < 11, "another took over while the old one was still cut off"
