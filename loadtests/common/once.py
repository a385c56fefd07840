"""Requests that are sent once.

Locust's HTTP client sends a PUT again by itself when the connection ends before the answer, as HTTP lets it. Who
counts cancellations must not: the second answer, «it cannot be cancelled», would be taken for the only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from geventhttpclient.url import URL
from locust.contrib.fasthttp import FastHttpSession


@contextmanager
def sent_once(session: FastHttpSession) -> Iterator[None]:
    """What the session sends meanwhile goes out once. For one greenlet: a user's own."""
    pool = session.client.clientpool.get_client(URL(session.base_url or ""))._connection_pool
    size, pool.size = pool.size, -1  # a request may be repeated `size` + 1 times
    try:
        yield
    finally:
        pool.size = size
