from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from stories import Story

from loadtests import charts, compare, html_report, matrix, memory, report, series
from loadtests.common.checks import check
from loadtests.common.ledger import REJECTED, UNKNOWN, Second
from loadtests.common.stage import Stage
from loadtests.errors import CouldNotRun
from loadtests.faults.breaker import Hit
from loadtests.faults.plan import Fault
from loadtests.observed import Observed
from loadtests.options import Options

CONTRACT = {
    *("scenario", "topology", "nodes", "strategy", "write_concern", "users", "seconds", "complete", "verdict"),
    *("violations", "acknowledged", "rejected", "unknown", "lost", "duplicated", "oversold_units"),
    *("requests_per_second", "checkouts_per_second", "latency_ms", "conflicts", "retries", "unavailable"),
    *("write_gap_seconds", "faults", "audit"),
}


def observed(story: Story, **more: object) -> Observed:
    """A run of 10 s: a purchase at the end of every second until the eighth, a fault in the middle."""
    options = Options("hot_item", "replica", Path("out"), strategy="group", seconds=10)
    story.ledger.seconds = [Second(100.5 + n, 40, 0, 5.0, 9.0, 12.0, 3) for n in range(10)]
    made = Observed(
        options,
        Stage("hot_item", 0, 10, products=story.products),
        began=100.0,
        ended=110.0,
        complete=True,
        ledger=story.ledger,
        evidence=story.evidence,
        findings=check(story.ledger, story.evidence, story.products),
        audit={"consistent": True, "violations": [], "checked": {"products": 1}, "took_seconds": 0.1},
        statistics={compare.CHECKOUT: {"p50": 5, "p95": 9, "p99": 12, "max": 30.5, "requests": 400, "failures": 0}},
        hits=[Hit(Fault("kill-primary", 4.0), 104.0, ["rs0-1"])],
        stock=[(101.0, 10), (102.0, 9)],
        counters={"conflicts": 7, "retries": 8},
        settings={"SHARDMART_LIMITS": "off"},
    )
    return replace(made, **more)  # type: ignore[arg-type]


def bought(*, stored: bool = True) -> Story:
    story = Story(10)
    for second in range(8):
        story.buys({"product0": 1}, asked=100.5 + second, answered=101.0 + second, stored=stored or second > 0)
    return story


def test_a_report_has_every_field_of_the_contract() -> None:
    made = report.build(observed(bought()))
    assert made.keys() >= CONTRACT
    assert json.loads(json.dumps(made)) == made
    assert (made["verdict"], made["acknowledged"], made["nodes"], made["complete"]) == ("consistent", 8, 3, True)
    assert (made["requests_per_second"], made["checkouts_per_second"]) == (40.0, 0.8)
    assert made["latency_ms"] == {compare.CHECKOUT: {"p50": 5, "p95": 9, "p99": 12, "max": 30.5}}
    assert made["faults"] == [{"at": 4.0, "what": "kill-primary", "node": "rs0-1", "write_gap_seconds": 2.0}]
    assert made["write_gap_seconds"] == 2.0
    assert report.one_line(made).startswith("CONSISTENT: 8 acknowledged, 0 rejected")


def test_a_violation_makes_the_verdict() -> None:
    made = report.build(observed(bought(stored=False)))
    assert (made["verdict"], made["lost"]) == ("inconsistent", 1)
    assert made["violations"][0]["check"] == "ledger"


def test_a_run_that_was_cut_off_says_so() -> None:
    made = report.build(observed(bought(), complete=False))
    assert made["complete"] is False and "ended before its time" in made["warnings"][0]
    assert report.one_line(made).endswith("(incomplete)")


def test_too_many_503_are_named_unless_something_was_broken() -> None:
    story = bought()
    for _ in range(5):
        story.buys({"product0": 1}, told=UNKNOWN, stored=False, unavailable=3)
    made = report.build(observed(story, hits=[]))
    assert made["unavailable"] == 15 and "3.8% of all requests" in made["warnings"][0]
    assert report.build(observed(story))["warnings"] == []


def test_a_fault_that_hit_nothing_is_a_warning_and_no_fault() -> None:
    hit = Hit(Fault("kill-router", 2.0), 102.0, error="there is none")
    made = report.build(observed(bought(), hits=[hit]))
    assert made["faults"] == [] and "kill-router was not done: there is none" in made["warnings"][0]


def test_readers_leave_no_write_gap() -> None:
    made = report.build(observed(Story(10)))
    assert made["write_gap_seconds"] is None and made["faults"][0]["write_gap_seconds"] is None


def seconds_of(made: Observed) -> series.Series:
    return series.build(made.ledger, made.stock, began=made.began, ended=made.ended)


def test_every_second_has_its_place() -> None:
    story = bought()
    story.buys({"product0": 99}, told=REJECTED, stored=False, asked=103.0, answered=103.5)
    found = seconds_of(observed(story))
    assert found.requests == [(n, 40) for n in range(10)]
    assert found.outcomes["acknowledged"] == [(n, int(1 <= n <= 8)) for n in range(10)]
    assert found.outcomes["rejected"][3] == (3, 1) and "503" not in found.outcomes
    assert found.latency["p99"][0] == (0, 12.0) and found.stock == [(1.0, 10.0), (2.0, 9.0)]


def test_a_page_stands_alone_and_says_the_verdict_first() -> None:
    run = observed(bought(stored=False))
    page = html_report.render(report.build(run), seconds_of(run))
    assert page.index("INCONSISTENT: 8 acknowledged") < page.index("acknowledged, but is not stored")
    assert page.count("<svg") == 4 and "kill-primary" in page
    assert not re.search(r"<script|<link|src=|url\(|https?://", page)


def test_a_page_shows_text_as_text() -> None:
    made = report.build(observed(bought(), settings={"<b>": "&"}))
    assert "&lt;b&gt;=&amp;" in html_report.render(made, series.Series())


def saved(path: Path, **changes: object) -> Path:
    path.write_text(json.dumps(report.build(observed(bought())) | changes))
    return path


def test_runs_side_by_side_are_told_apart_by_what_differs(tmp_path: Path) -> None:
    one = saved(tmp_path / "one.json")
    two = saved(tmp_path / "two.json", topology="sharded", checkouts_per_second=1.6, verdict="inconsistent")
    reports = [compare.load(one), compare.load(two)]
    assert compare.labels(reports) == ["replica", "sharded"]
    (words,) = compare.words(reports, compare.labels(reports))
    assert words.startswith("sharded against replica: ")
    assert "checkouts a second × 2.00" in words and "inconsistent where the first is consistent" in words
    page = compare.render(reports)
    assert "1 of 2 runs consistent" in page and page.count("<svg") == 5
    assert not re.search(r"<script|<link|src=|url\(|https?://", page)


def test_what_is_no_word_is_named(tmp_path: Path) -> None:
    reports = [compare.load(saved(tmp_path / f"{n}.json", nodes=n, write_concern=w)) for n, w in ((1, "1"), (3, "2"))]
    assert compare.labels(reports) == ["1 nodes, w:1", "3 nodes, w:2"]


def test_nothing_is_drawn_where_nothing_was_measured() -> None:
    drawn = charts.lines("x", {"p50": [(0, 1), (1, 1), (5, 2), (8, 1), (9, 1)]}, seconds=10)
    assert (drawn.count("<polyline"), drawn.count("<circle")) == (2, 1)
    assert charts.lines("x", {"p50": []}, seconds=10) == ""
    assert [charts.nice(most) for most in (0, 0.3, 1, 2.2, 7, 99, 101)] == [1, 0.5, 1, 2.5, 10, 100, 200]


def test_equal_runs_are_numbered_and_have_no_difference(tmp_path: Path) -> None:
    reports = [compare.load(saved(tmp_path / f"{n}.json")) for n in range(2)]
    assert compare.labels(reports) == ["1", "2"]
    assert compare.words(reports, compare.labels(reports)) == ["2 against 1: no difference worth a word."]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"verdict": "consistent"}'])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(CouldNotRun, match=r"report\.json"):
        compare.load(path)
    with pytest.raises(CouldNotRun, match="absent"):
        compare.load(tmp_path / "absent")


def test_growing_memory_has_a_slope_and_steady_memory_none() -> None:
    steady = [(float(second), 80.0 + second % 2) for second in range(0, 601)]
    growing = [(float(second), 80.0 + second / 30) for second in range(0, 601)]
    assert abs(memory.summary(steady)["mb_per_minute"]) < 0.01
    assert memory.summary(growing) == {"most_mb": 100.0, "mb_per_minute": 2.0}
    assert memory.slope([]) == memory.slope([(1.0, 2.0)]) == 0.0


def matrix_of(out: Path, *more: str) -> int:
    return matrix.main(["--out", str(out), "--users", "20", "--seconds", "10", "--scenarios", "hot_item", *more])


def cell(out: Path, topology: str, strategy: str, **changes: object) -> Path:
    directory = out / f"{topology}-{strategy}-hot_item"
    directory.mkdir(parents=True)
    about = {"topology": topology, "strategy": strategy, "commit": "c0ffee", "made_on": "2026-01-02"}
    return saved(directory / "report.json", **about, **changes)


def test_cells_that_were_measured_are_kept_and_make_the_table(tmp_path: Path) -> None:
    """No demo is started: everything is there already."""
    page = tmp_path / "results.md"
    page.write_text(f"before\n{matrix.BEGIN}\nold\n{matrix.END}\nafter\n")
    for topology in ("sharded", "replica"):
        for strategy in matrix.STRATEGIES:
            cell(tmp_path, topology, strategy)
    assert matrix_of(tmp_path, "--table", str(page)) == 0
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "on 2026-01-02, commit c0ffee" in text
    rows = [line.split(" | ")[:2] for line in text.splitlines() if "hot_item" in line]
    assert rows == [[f"| {t}", s] for t in ("replica", "sharded") for s in matrix.STRATEGIES]
    assert (tmp_path / "compare.html").exists()


def test_a_cell_that_is_not_consistent_decides(tmp_path: Path) -> None:
    only = ("--topologies", "replica", "--strategies", "group")
    cell(tmp_path, "replica", "group", verdict="inconsistent")
    assert matrix_of(tmp_path, *only) == 1


@pytest.mark.parametrize("changes", [{"complete": False}, {"users": 5}, {"seconds": 60}, None])
def test_a_cell_that_was_not_measured_so_is_measured(
    changes: dict[str, object] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here it cannot be: no mongod is found, and the matrix is incomplete."""
    monkeypatch.setenv("SHARDMART_MONGOD", str(tmp_path / "absent"))
    if changes:
        cell(tmp_path, "replica", "group", **changes)
    assert matrix_of(tmp_path, "--topologies", "replica", "--strategies", "group") == 2


def test_the_matrix_is_a_table_of_its_runs() -> None:
    lines = matrix.table([report.build(observed(bought())), report.build(observed(Story(10)))]).splitlines()
    assert len(lines) == 4 and len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| replica | group | hot_item | 20 | 0.8 | 40.0 | 5 | 9 | 12 | 7 | 0 | consistent |")
