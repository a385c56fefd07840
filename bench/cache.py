"""The two hot reads from memory against the bare handlers with the driver, while products change."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from time import perf_counter

import httpx

from bench import listing
from bench.console import log
from bench.listing import Pair
from bench.server import Server
from bench.shoppers import PASSWORD
from bench.stack import Stack
from bench.table import Row

TARGET = 3.0
CHANGES_A_SECOND, AT_ONCE = 20, 8
LEAST_CHANGES_A_SECOND = 15  # below, the measurement says nothing


def measure(stack: Stack, *, rounds: int, seconds: float) -> list[Row]:
    """Ratios of the shop to the yardstick; the changes go on during the rounds of both."""
    database = stack.seed(listing.PRODUCTS)
    pairs: dict[str, list[Pair]] = {name: [] for name in listing.TARGETS}
    for n in range(listing.PASSES):
        with stack.shop(database) as shop, stack.bare(database) as bare:
            shown = [item["id"] for item in httpx.get(f"{shop.url}/api/products/").json()["items"]]
            with _changing(shop, shown):
                for name in pairs:
                    log(f"{name} from memory, pass {n + 1}/{listing.PASSES}")
                    path = name.format(id=shown[7])
                    pairs[name] += listing.alternate(shop, bare, path, max(1, rounds // listing.PASSES), seconds)
            log(f"{_share_from_memory(shop):.1%} were answered from memory")
    return [row for name, measured in pairs.items() for row in listing.rows(f"{name} from memory", measured, TARGET)]


def _share_from_memory(shop: Server) -> float:
    counted = {"hit": 0.0, "miss": 0.0, "bypass": 0.0}
    text = httpx.get(f"{shop.url}/metrics").text
    for result, number in re.findall(r'catalogue_cache_requests_total\{.*result="(\w+)"\} (\S+)', text):
        counted[result] += float(number)
    return counted["hit"] / sum(counted.values())


@contextlib.contextmanager
def _changing(shop: Server, ids: list[str]) -> Iterator[None]:
    """Stock changes of the products that the list shows, in turn: each of them makes its page be read again.

    Raises RuntimeError at the end when there were too few.
    """
    changes = _Changes(shop, ids)
    threads = [threading.Thread(target=changes.go_on, args=(n,)) for n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        changes.over.set()
        for thread in threads:
            thread.join()
    rate = changes.done / (perf_counter() - changes.began)
    log(f"{rate:.1f} changes/s")
    if changes.failures or rate < LEAST_CHANGES_A_SECOND:
        raise RuntimeError(f"{rate:.1f} changes/s, and not {CHANGES_A_SECOND}: {changes.failures}")


class _Changes:
    """Made by several threads in turn, for an answer may take longer than the time to the next change."""

    def __init__(self, shop: Server, ids: list[str]) -> None:
        self._ids, self.done, self.began = ids, 0, perf_counter()
        self.over, self.failures = threading.Event(), list[httpx.HTTPError]()
        self._client = httpx.Client(base_url=shop.url, timeout=10)
        login = self._client.post("/api/auth/login", json={"email": "admin@demo.com", "password": PASSWORD})
        self._headers = {"Authorization": f"Bearer {login.raise_for_status().json()['access_token']}"}

    def go_on(self, number: int) -> None:
        due = self.began + number / CHANGES_A_SECOND
        while not self.over.wait(max(0.0, due - perf_counter())):
            id = self._ids[self.done % len(self._ids)]
            try:
                self._client.post(
                    f"/api/products/{id}/stock", json={"delta": 1}, headers=self._headers
                ).raise_for_status()
            except httpx.HTTPError as error:
                self.failures.append(error)
                return
            self.done += 1
            due += AT_ONCE / CHANGES_A_SECOND
