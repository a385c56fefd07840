"""Real time: who may connect (server), who hears what (rooms), and from where it comes (relay)."""

from __future__ import annotations

from shardmart.realtime.server import attach

__all__ = ["attach"]
