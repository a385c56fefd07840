"""Marks that workers share: seen by all, never twice the same, and found again when their file was taken away."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from shardmart.adapters.marks import NAME, PLACES, SharedMarks


def _change_often(directory: Path, id: str) -> None:
    marks = SharedMarks(directory)
    for _ in range(1000):
        marks.change([id], moves=False)


def test_a_change_in_one_worker_is_seen_in_the_others(tmp_path: Path) -> None:
    one, other = SharedMarks(tmp_path), SharedMarks(tmp_path)
    place = other.place_of("p")
    before = other.copy()
    one.change(["p"], moves=False)
    assert other[place] != before[place] and other[other.ANY] != before[other.ANY]
    assert other[other.MOVES] == before[other.MOVES]
    one.change([], moves=True)
    assert other[other.MOVES] != before[other.MOVES]


def test_processes_that_change_at_once_never_bring_a_number_back(tmp_path: Path) -> None:
    marks = SharedMarks(tmp_path)
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_change_often, args=(tmp_path, "p")) for _ in range(2)]
    for worker in workers:
        worker.start()
    seen = [marks[marks.place_of("p")]]
    while any(worker.is_alive() for worker in workers):
        if (now := marks[marks.place_of("p")]) != seen[-1]:
            seen.append(now)
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert len(set(seen)) == len(seen) > 1


def test_places_are_spread_over_the_table_and_are_never_those_of_lists() -> None:
    marks = SharedMarks(None)
    places = {marks.place_of(f"product-{n}") for n in range(20_000)}
    assert len(places) > PLACES * 0.85
    assert not places & {marks.ANY, marks.MOVES}


def test_the_file_is_for_us_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    SharedMarks(tmp_path)
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    (tmp_path / NAME).rename(tmp_path / "elsewhere")
    (tmp_path / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        SharedMarks(tmp_path)


def test_a_table_that_was_taken_away_is_noticed_and_the_new_one_is_shared(tmp_path: Path) -> None:
    old = SharedMarks(tmp_path)
    assert old.are_shared()
    (tmp_path / NAME).unlink()
    assert not old.are_shared()
    new = SharedMarks(tmp_path)
    assert not old.are_shared()
    old.share()
    assert old.are_shared()
    before = old[old.ANY]
    new.change([], moves=False)
    assert old[old.ANY] != before
