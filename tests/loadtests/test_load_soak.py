"""Half an hour of everything while nodes and workers die (`make soak`); the report is kept in docs/soak.

`SHARDMART_SOAK_MINUTES=3` tries it briefly: the memory of processes that have just begun grows, so that its slope is
only shown, and the report is not kept.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from runs import run

from tests.support.demo import ROOT

WHOLE_MINUTES = 30
MINUTES = int(os.environ.get("SHARDMART_SOAK_MINUTES", WHOLE_MINUTES))
KEPT = ROOT / "docs" / "soak"
MOST_MB_PER_MINUTE = 1.0


@pytest.mark.soak
@pytest.mark.timeout(MINUTES * 60 + 1200)
@pytest.mark.parametrize("topology", ["replica", "sharded"])
def test_half_an_hour_of_random_faults_leaves_everything_consistent(topology: str, tmp_path: Path) -> None:
    done = run(
        *(tmp_path, "mixed", "--topology", topology, "--nodes", 3, "--users", 20, "--time", f"{MINUTES}m"),
        *("--faults", "random:1"),
        within=MINUTES * 60 + 900,
    )
    assert done.code == 0, done.said
    report = done.report
    assert len(report["faults"]) >= MINUTES * 60 / 15 / 2, "most of the faults that were drawn hit something"
    expected = {"workers", "load", *(["router"] if topology == "sharded" else [])}
    assert report["memory"].keys() == expected, "of each kind the most and the slope"
    print(topology, report["memory"])
    if MINUTES < WHOLE_MINUTES:
        return
    for role, memory in report["memory"].items():
        assert memory["mb_per_minute"] < MOST_MB_PER_MINUTE, (role, memory)
    KEPT.mkdir(exist_ok=True)
    (KEPT / f"{topology}.json").write_text(json.dumps(report, indent=2) + "\n")
