"""Figures that adapters and the web layer count; `GET /metrics` sums them over the workers."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CONFLICTS = Counter("shardmart_conflicts_total", "Transactions that met another one and started again")
RETRIES = Counter("shardmart_retries_total", "Database work done again: conflicts, lost answers, elections")

# ---- the driver's connection pools
POOL_OPEN = Gauge("shardmart_pool_connections", "Connections that are open", multiprocess_mode="livesum")
POOL_IN_USE = Gauge("shardmart_pool_in_use", "Connections that are in use", multiprocess_mode="livesum")
POOL_FAILURES = Counter("shardmart_pool_failures_total", "Times that no connection could be had")

# ---- group commit
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCH_SIZE = Histogram(
    "shardmart_group_batch_members", "Members of a batch", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
QUEUE_SECONDS = Histogram("shardmart_group_queue_seconds", "From arrival to the start of a batch", buckets=_SECONDS)
COMMIT_SECONDS = Histogram("shardmart_group_commit_seconds", "commitTransaction with its majority", buckets=_SECONDS)
IN_DOUBT = Counter("shardmart_group_in_doubt_total", "Commits whose answer was lost")
BISECTIONS = Counter("shardmart_group_bisections_total", "Batches divided to find a member that cannot be committed")
FALLBACKS = Counter("shardmart_group_fallbacks_total", "Members committed by their own worker: no committer answered")
COMMITTERS = Counter("shardmart_group_committers_total", "Times a worker became the committer")

# ---- the catalogue cache
CACHE_REQUESTS = Counter(
    "shardmart_catalogue_cache_requests_total", "Requests for pages that are cached", ("page", "result")
)
CACHE_DROPPED = Counter(
    "shardmart_catalogue_cache_dropped_total", "Answers that were dropped, by the reason", ("by",)
)
CACHE_BYTES = Gauge("shardmart_catalogue_cache_bytes", "Memory of answers that are kept", multiprocess_mode="livesum")
CACHE_STALENESS = Gauge(
    "shardmart_catalogue_cache_staleness_seconds",
    "How long ago it was last certain that every change had been heard; past 0.25 the cache steps aside",
    multiprocess_mode="livemax",
)

# ---- real time
SOCKETS = Gauge("shardmart_sockets", "Sockets that are open", multiprocess_mode="livesum")
ROOMS = Gauge("shardmart_rooms", "Rooms with somebody in them", multiprocess_mode="livesum")
EMITS = Counter("shardmart_emits_total", "Events sent, one per socket", ("event",))
RELAY_SECONDS = Histogram("shardmart_relay_seconds", "From the commit of a change to its events", buckets=_SECONDS)
RESUMES = Counter("shardmart_resumes_total", "Sockets that came back, by what told them what they missed", ("by",))
RESYNCS = Counter("shardmart_resyncs_total", "Sockets told to fetch again, by the reason", ("reason",))
REFUSED = Counter("shardmart_sockets_refused_total", "Sockets refused or closed by us, by the reason", ("reason",))
FEED_REOPENED = Counter("shardmart_change_stream_reopened_total", "Times the change stream broke off")
