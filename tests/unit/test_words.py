from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmart.domain.listings import fold, words_of

ANY = st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ångström", "angstrom"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ﬁne", "fine"),
        ("Ｌａｍｐ", "lamp"),
        ("℡", "tel"),
        ("İzmir", "izmir"),
        ("Ärger", "arger"),
        ("", ""),
    ],
)
def test_folding_takes_case_and_accents_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(ANY)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_folding_twice_changes_nothing_for_any_single_character() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    changing = [c for c in every if unicodedata.decomposition(c) or c.casefold() != c]
    assert len(changing) > 6_000
    assert [c for c in changing if fold(fold(c)) != fold(c)] == []


@given(ANY)
def test_words_are_folded_non_empty_and_each_once(text: str) -> None:
    words = words_of(text)
    assert len(set(words)) == len(words)
    assert all(word and words_of(word) == (word,) for word in words)


@given(st.lists(ANY, max_size=4))
def test_a_product_is_found_by_every_word_of_its_name(parts: list[str]) -> None:
    name = " ".join(parts)
    assert {word for part in parts for word in words_of(part)} == set(words_of(name))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Oak  Lamp, oak!", ("oak", "lamp")),
        ("snake_case-and.dots", ("snake", "case", "and", "dots")),
        ("USB3 4K", ("usb3", "4k")),
        ("!!! ---", ()),
        ("$where {$ne: 1}", ("where", "ne", "1")),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words
