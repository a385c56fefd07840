"""Time inside the shop: naive UTC with milliseconds, exactly what BSON stores. `Z` is added where JSON is made."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1)


def now() -> datetime:
    """The current time, naive UTC, whole milliseconds."""
    t = datetime.now(timezone.utc).replace(tzinfo=None)
    return t.replace(microsecond=t.microsecond // 1000 * 1000)


def to_ms(t: datetime) -> int:
    """Milliseconds since 1970."""
    return (t - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The inverse of `to_ms`. Raises OverflowError for what no date can hold."""
    return EPOCH + timedelta(milliseconds=ms)
