"""Cursors are good for the list that gave them and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmart.domain.errors import InvalidCursor
from shardmart.web.cursors import Cursors

cursors = Cursors("a secret of some length")


@given(st.lists(st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=50)), min_size=1, max_size=3), st.text())
def test_a_cursor_reads_back_what_was_written(position: list[int | str], name: str) -> None:
    assert cursors.read(cursors.write(tuple(position), of=name), of=name) == tuple(position)


def test_a_cursor_is_refused_by_another_list() -> None:
    cursor = cursors.write((1, "x"), of="/api/products|newest")
    with pytest.raises(InvalidCursor):
        cursors.read(cursor, of="/api/products|price")


def test_a_cursor_of_another_shop_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(Cursors("another secret").write((1,), of="x"), of="x")


def test_every_changed_character_is_noticed() -> None:
    cursor = cursors.write((1, "abcdef"), of="x")
    for position in range(len(cursor)):
        for letter in "Az":
            changed = cursor[:position] + letter + cursor[position + 1 :]
            if changed != cursor:
                with pytest.raises(InvalidCursor):
                    cursors.read(changed, of="x")


@pytest.mark.parametrize("cursor", ["", "x", "====", "ä", "a b", "A" * 3_000, "A" * 22, "\ud800"])
def test_nonsense_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.read(cursor, of="x")
