"""Many at once: threads that wait for each other and then start together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import httpx

from tests.support.api import Api, describe

T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]], *, timeout: float = 120) -> list[T]:
    """The answers in the order of the calls; the first exception of any is raised."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        gate.wait(timeout)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(run, call) for call in calls]
        return [future.result(timeout) for future in futures]


def checkout_until_answered(
    api: Api, body: object, key: str, *, within: float = 90, strangers: list[str] | None = None
) -> httpx.Response:
    """What a careful client does: 503, a checkout still in progress or no answer at all mean «again, same key»."""
    deadline = time.monotonic() + within
    last = "no answer"
    while time.monotonic() < deadline:
        try:
            answer = api.post("/api/orders/", json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError as broken:
            last = repr(broken)
            time.sleep(0.1)
            continue
        if answer.status_code >= 500 and answer.status_code != 503 and strangers is not None:
            strangers.append(describe(answer))
        if answer.status_code == 503 or _in_progress(answer):
            last = describe(answer)
            time.sleep(min(float(answer.headers.get("retry-after", 0.2)), 0.5))
            continue
        return answer
    raise AssertionError(f"no final answer within {within:g} s; the last: {last}")


def _in_progress(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and answer.json().get("code") == "checkout_in_progress"
