"""Counts the driver's connections, open and in use."""

from __future__ import annotations

from pymongo import monitoring

from shardmart import metrics


class PoolMeter(monitoring.ConnectionPoolListener):
    """A listener of the driver (CMAP specification): most of what it hears needs no figure."""

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:
        metrics.POOL_OPEN.inc()

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:
        metrics.POOL_OPEN.dec()

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        metrics.POOL_IN_USE.inc()

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        metrics.POOL_IN_USE.dec()

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        metrics.POOL_FAILURES.inc()

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None: ...

    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None: ...

    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None: ...

    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None: ...

    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None: ...

    def connection_check_out_started(self, event: monitoring.ConnectionCheckOutStartedEvent) -> None: ...
