"""Bodies are read so that nobody could read them in another way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shardmart.domain.errors import InvalidInput
from shardmart.web import schemas
from shardmart.web.json_body import MalformedJson, read_object


def test_numbers_with_a_point_stay_exact() -> None:
    assert read_object(b'{"price": 0.1, "stock": 3}') == {"price": Decimal("0.1"), "stock": 3}
    assert isinstance(read_object(b'{"stock": 1.0}')["stock"], Decimal)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1} x',
        b'{"a": 1, "a": 2}',
        b'{"outer": {"a": 1, "a": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "line\nbreak"}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_what_is_not_plain_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        read_object(body)


@pytest.mark.parametrize("number", ["9" * 60_000, "-" + "9" * 5_000, "1e99999999999999999999", "1." + "0" * 99 + "1"])
def test_a_number_beyond_reason_is_json_and_in_no_range(number: str) -> None:
    body = read_object(f'{{"name": "T", "price": {number}, "stock": {number}, "category": "C"}}'.encode())
    with pytest.raises(InvalidInput) as caught:
        schemas.read(schemas.NewProduct, body)
    assert {error.field for error in caught.value.errors} == {"price", "stock"}


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null", b"true", b'{"a": ' + b"[" * 21 + b"]" * 21 + b"}"])
def test_json_that_is_no_plain_object_is_invalid_input(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_object(body)


def test_a_surrogate_pair_is_a_character() -> None:
    assert read_object(b'{"a": "\\ud83c\\udf75"}') == {"a": "\U0001f375"}
