"""Figures that adapters and the web layer count; `GET /metrics` sums them over the workers."""

from __future__ import annotations

from prometheus_client import Counter

CONFLICTS = Counter("shardmart_conflicts_total", "Transactions that met another one and started again")
RETRIES = Counter("shardmart_retries_total", "Database work done again: conflicts, lost answers, elections")
