from __future__ import annotations

import multiprocessing
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmart.domain import ids
from tests.unit.builders import hex_ids, owned_ids


def test_ten_thousand_new_ids_are_all_different_and_well_formed() -> None:
    made = [ids.new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert all(map(ids.is_user_id, made))


def _some_ids(_: int) -> list[str]:
    return [ids.new_id() for _ in range(500)]


def test_forked_processes_do_not_make_the_same_ids() -> None:
    ids.new_id()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        made = [id for some in pool.map(_some_ids, range(4)) for id in some] + _some_ids(0)
    assert len(set(made)) == len(made)


def test_a_new_process_id_means_a_new_random_part(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.new_id()
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert ids.new_id()[8:18] != before[8:18]


@given(hex_ids, hex_ids)
def test_an_owned_id_gives_back_its_seller_and_digits(seller: str, digits: str) -> None:
    owned = ids.owned_id(seller, digits)
    assert ids.is_owned_id(owned)
    assert (ids.seller_of(owned), ids.digits_of(owned)) == (seller, digits)


@given(owned_ids, st.lists(st.integers(1, 9_999_999_999), min_size=2, unique=True))
def test_log_ids_sort_as_their_versions(product_id: str, versions: list[int]) -> None:
    logs = [ids.log_id(product_id, version) for version in sorted(versions)]
    assert all(a < b for a, b in pairwise(logs))
    assert all(ids.seller_of(log) == product_id[:24] and log[:49] == product_id for log in logs)


WRONG = ["", "x", "A" * 24, "g" * 24, "0" * 23, "0" * 25, "0" * 24 + "\n", " " + "0" * 23, "０" * 24, "$ne"]


@pytest.mark.parametrize("value", WRONG)
def test_what_is_no_user_id_is_refused(value: str) -> None:
    assert not ids.is_user_id(value)


@pytest.mark.parametrize("value", [*WRONG, "0" * 24, "0" * 24 + "-" + "0" * 23, "0" * 49, f"{'0' * 24}-{'0' * 24}\n"])
def test_what_is_no_owned_id_is_refused(value: str) -> None:
    assert not ids.is_owned_id(value)


@given(owned_ids)
def test_a_user_id_is_never_an_owned_id(owned: str) -> None:
    assert not ids.is_user_id(owned)
    assert not ids.is_owned_id(ids.seller_of(owned))
