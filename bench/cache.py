"""The two hot reads from memory against the bare handlers with the driver, while products change."""

from __future__ import annotations

import contextlib
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
CHANGES_A_SECOND = 20
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
    return [row for name, measured in pairs.items() for row in listing.rows(f"{name} from memory", measured, TARGET)]


@contextlib.contextmanager
def _changing(shop: Server, ids: list[str]) -> Iterator[None]:
    """Stock changes of the products that the list shows, in turn: each of them makes its page be read again.

    Raises RuntimeError at the end when there were too few.
    """
    over, done, began = threading.Event(), list[str](), perf_counter()
    failures: list[Exception] = []

    def change() -> None:
        try:
            with httpx.Client(base_url=shop.url, timeout=10) as client:
                login = client.post("/api/auth/login", json={"email": "admin@demo.com", "password": PASSWORD})
                headers = {"Authorization": f"Bearer {login.raise_for_status().json()['access_token']}"}
                due = perf_counter()
                while not over.wait(max(0.0, due - perf_counter())):
                    id = ids[len(done) % len(ids)]
                    answer = client.post(f"/api/products/{id}/stock", json={"delta": 1}, headers=headers)
                    done.append(answer.raise_for_status().json()["id"])
                    due += 1 / CHANGES_A_SECOND
        except httpx.HTTPError as error:
            failures.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    rate = len(done) / (perf_counter() - began)
    log(f"{rate:.1f} changes/s")
    if failures or rate < LEAST_CHANGES_A_SECOND:
        raise RuntimeError(f"{rate:.1f} changes/s, and not {CHANGES_A_SECOND}: {failures}")
