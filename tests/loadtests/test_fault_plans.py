from __future__ import annotations

import pytest

from cluster.network.rules import FAULTS as NETWORK
from loadtests.errors import CouldNotRun
from loadtests.faults.gaps import after_each, longest
from loadtests.faults.plan import Fault, drawn, need_network, parse, steps


def plan(text: str, *, topology: str = "sharded", strategy: str = "group", seconds: float = 60) -> list[Fault]:
    return parse(text, topology=topology, strategy=strategy, seconds=seconds)


def test_no_plan_is_no_faults() -> None:
    assert plan("") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("kill-primary@10s", Fault("kill-primary", 10)),
        ("kill-primary@10", Fault("kill-primary", 10)),
        ("kill-primary@2.5s+8s", Fault("kill-primary", 2.5, lasts=8)),
        ("kill:rs0-2@3s+1s", Fault("kill", 3, "rs0-2", 1)),
        ("pause:shard1-3@10s+5s", Fault("pause", 10, "shard1-3", 5)),
        ("pause:secondaries@10s+1.5s", Fault("pause", 10, "secondaries", 1.5)),
        ("partition:primary@10s+6s", Fault("partition", 10, "primary", 6)),
        ("delay:rs0-1@3s", Fault("delay", 3, "rs0-1")),
        ("loss:secondaries@3s+4s", Fault("loss", 3, "secondaries", 4)),
        ("stepdown@0s", Fault("stepdown", 0)),
        ("kill-router@10s", Fault("kill-router", 10)),
        ("kill-committer@10s", Fault("kill-committer", 10)),
        ("kill-worker@10s", Fault("kill-worker", 10)),
        ("move-chunk@10s", Fault("move-chunk", 10)),
    ],
)
def test_a_fault_says_what_and_when(text: str, fault: Fault) -> None:
    assert plan(text) == [fault]


def test_a_list_comes_in_the_order_of_time() -> None:
    assert [fault.what for fault in plan("stepdown@20s, kill-worker@5s,move-chunk@9s")] == [
        "kill-worker",
        "move-chunk",
        "stepdown",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("kill-primary", "is none of"),
        ("explode@3s", "is none of"),
        ("kill-primary@-3s", "is none of"),
        ("kill-primary@3s,", "is none of"),
        ("pause@3s+1s", "says which node"),
        ("stepdown:rs0-1@3s", "names no node"),
        ("stepdown@60s", "after the end"),
        ("random", "is none of"),
        ("partition@3s+5s", "says which node"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(CouldNotRun, match=reason):
        plan(text)


def test_only_what_breaks_links_needs_a_network_of_the_members_own() -> None:
    assert not need_network(plan("random:3")) and not need_network(plan("pause:rs0-1@3s"))
    assert all(need_network(plan(f"stepdown@1s,{what}:rs0-1@3s")) for what in NETWORK)


@pytest.mark.parametrize("text", ["kill-router@3s", "move-chunk@3s"])
def test_what_only_a_sharded_cluster_has_cannot_be_broken_elsewhere(text: str) -> None:
    with pytest.raises(CouldNotRun, match="sharded"):
        plan(text, topology="replica")


def test_without_group_commit_there_is_no_committer_to_kill() -> None:
    with pytest.raises(CouldNotRun, match="group"):
        plan("kill-committer@3s", strategy="transaction")


def test_a_drawn_plan_is_the_same_for_the_same_seed_and_fits_the_run() -> None:
    faults = plan("random:7", seconds=120)
    assert faults == drawn(7, topology="sharded", strategy="group", seconds=120) != plan("random:8", seconds=120)
    assert len(faults) >= 5
    assert all(fault.at >= 5 and fault.at + fault.lasts < 120 for fault in faults)


def test_a_drawn_plan_holds_nothing_that_the_topology_has_not() -> None:
    faults = [fault for seed in range(20) for fault in plan(f"random:{seed}", topology="replica", seconds=300)]
    assert {fault.what for fault in faults} == {
        "kill-primary",
        "stepdown",
        "kill-worker",
        "kill-committer",
        "pause",
    }


def test_what_is_broken_is_mended_after_its_time() -> None:
    faults = [Fault("kill-primary", 5, lasts=4), Fault("pause", 6, "rs0-2", 1)]
    assert steps(faults) == [(5, 0, True), (6, 1, True), (7, 1, False), (9, 0, False)]


def test_the_longest_gap_counts_from_the_beginning_and_to_the_end() -> None:
    assert longest([3, 4, 5.5], 0, 6) == 3
    assert longest([1, 2, 3], 0, 10) == 7
    assert longest([], 2, 7) == 5


def test_a_faults_gap_ends_with_the_next_fault() -> None:
    assert after_each([1, 2, 2.5, 6, 7, 9.5], [2.2, 7.5], 10) == [3.5, 2.0]
