from __future__ import annotations

from pathlib import Path

from loadtests.common.journal import Journal, percentile, told
from loadtests.common.ledger import ACKNOWLEDGED, FAILED, REJECTED, STATISTICS, UNKNOWN, Tail, begin, read


def journal_of(*verdicts: str) -> Journal:
    journal = Journal()
    for n, verdict in enumerate(verdicts):
        orders = {f"order{n}": [("p", 1), ("p", 2)]} if verdict == ACKNOWLEDGED else {}
        so = told(float(n), verdict, status=201, unavailable=n)
        journal.write("checkout", key=f"key{n}", buyer="b", lines=[("p", 1), ("p", 2)], orders=orders, **so)
    return journal


def test_the_ledgers_of_all_processes_are_merged(tmp_path: Path) -> None:
    (tmp_path / "ledger-one.jsonl").write_text(journal_of(ACKNOWLEDGED, REJECTED).take())
    other = journal_of(UNKNOWN, FAILED)
    other.write("cancel", order="o", **told(1.0, ACKNOWLEDGED))
    other.write("stock", token="t", product="p", delta=-2, **told(1.0, REJECTED))
    other.close_second(users=3)
    (tmp_path / "ledger-two.jsonl").write_text(other.take())
    (tmp_path / "statistics.json").write_text("{}")
    ledger = read(tmp_path)
    assert [ledger.count(verdict) for verdict in (ACKNOWLEDGED, REJECTED, UNKNOWN)] == [1, 1, 2]
    assert ledger.checkouts[0].orders == {"order0": {"p": 3}} and ledger.checkouts[0].lines == {"p": 3}
    assert (ledger.cancellations[0].order, ledger.stock_changes[0].delta) == ("o", -2)
    assert (ledger.seconds[0].users, ledger.seconds[0].requests) == (3, 0)
    assert ledger.unavailable() == 2


def test_a_new_run_begins_without_what_an_earlier_one_left(tmp_path: Path) -> None:
    for name in ("ledger-one.jsonl", STATISTICS, "notes.txt"):
        (tmp_path / name).write_text(journal_of(ACKNOWLEDGED).take())
    begin(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    begin(tmp_path / "new" / "one")
    assert read(tmp_path / "new" / "one").count(ACKNOWLEDGED) == 0


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    whole = journal_of(ACKNOWLEDGED, ACKNOWLEDGED).take()
    (tmp_path / "ledger-one.jsonl").write_text(whole[:-20])
    assert read(tmp_path).count(ACKNOWLEDGED) == 1


def test_a_growing_ledger_is_read_line_by_line_once(tmp_path: Path) -> None:
    tail, path = Tail(tmp_path), tmp_path / "ledger-one.jsonl"
    assert tail.read() == []
    first, second = journal_of(ACKNOWLEDGED).take(), journal_of(REJECTED).take()
    path.write_text(first + second[:10])
    assert [record["told"] for record in tail.read()] == [ACKNOWLEDGED]
    path.write_text(first + second)
    assert [record["told"] for record in tail.read()] == [REJECTED]
    assert tail.read() == []


def test_what_was_taken_is_not_taken_again() -> None:
    journal = journal_of(ACKNOWLEDGED)
    assert journal.take() and journal.take() == ""


def test_a_second_has_its_own_figures() -> None:
    journal = Journal()
    for milliseconds in range(1, 101):
        journal.request(float(milliseconds), failed=milliseconds > 98)
    journal.close_second(users=2)
    journal.close_second(users=2)
    first, second = journal.take().splitlines()
    assert '"requests":100,"failures":2' in first and '"p50":51.0,"p95":96.0,"p99":100.0' in first
    assert '"requests":0,"failures":0' in second


def test_percentiles_of_little() -> None:
    assert (percentile([], 99), percentile([7.0], 50), percentile([1.0, 2.0], 99)) == (0.0, 7.0, 2.0)
