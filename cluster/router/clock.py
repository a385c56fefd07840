"""Cluster time: the newest time any mongod told us, passed on with every command so that the shards'
clocks agree."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import bson
from bson import Int64, Timestamp
from bson.raw_bson import RawBSONDocument

from cluster.router.errors import Doc
from cluster.router.wire import RAW

_TOLERANCE_SECONDS = 60


class ClusterClock:
    """Remembers the largest cluster time seen. Clients are believed within a minute: a time from far in
    the future would be passed on to every shard and make all of them refuse."""

    def __init__(self) -> None:
        self.now: Timestamp | None = None
        self._gossip: RawBSONDocument | None = None  # encoded once, sent often

    def observe(self, gossip: Any) -> None:
        """Learn from a mongod's `$clusterTime`."""
        if not isinstance(gossip, Mapping) or self._is_known(gossip):
            return
        seen = gossip.get("clusterTime")
        if isinstance(seen, Timestamp) and (self.now is None or seen > self.now):
            self.now = seen
            self._gossip = _signed(seen)

    def observe_client(self, gossip: Any) -> None:
        """Learn from a client's `$clusterTime` (it may have talked to another router)."""
        if not isinstance(gossip, Mapping) or self._is_known(gossip):
            return
        seen = gossip.get("clusterTime")
        if isinstance(seen, Timestamp) and seen.time <= time.time() + _TOLERANCE_SECONDS:
            self.observe(gossip)

    def gossip(self) -> Doc:
        """The `$clusterTime` to send, or nothing."""
        return {"$clusterTime": self._gossip} if self._gossip is not None else {}

    def _is_known(self, gossip: Mapping[str, Any]) -> bool:
        """Most of what comes in is what we sent out: seen without decoding it."""
        known = self._gossip
        return known is not None and isinstance(gossip, RawBSONDocument) and gossip.raw == known.raw


def _signed(moment: Timestamp) -> RawBSONDocument:
    """A `$clusterTime`; without authentication servers do not look at the signature."""
    signature = {"hash": b"\0" * 20, "keyId": Int64(0)}
    return RawBSONDocument(bson.encode({"clusterTime": moment, "signature": signature}), RAW)
