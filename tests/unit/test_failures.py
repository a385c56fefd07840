"""What the driver's errors mean."""

from __future__ import annotations

import pytest
from pymongo.errors import BulkWriteError

from shardmart.adapters.mongo.failures import is_away


@pytest.mark.parametrize(("code", "away"), [(91, True), (10107, True), (11000, False), (121, False)])
def test_a_mongos_tells_document_by_document_that_a_shard_is_away(code: int, away: bool) -> None:
    assert is_away(BulkWriteError({"writeErrors": [{"index": 0, "code": code, "errmsg": "from the shard"}]})) is away
