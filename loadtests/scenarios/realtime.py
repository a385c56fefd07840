"""`realtime`: everybody watches the shelves over Socket.IO, and some buy what they watch.

How long a change takes to reach a watcher stands among the latencies as `EVENT stock_update`, by the clock of the
shop's `updated_at`: on one machine the same as ours. What was seen goes into the ledger: a stock and a version that
were told must have been there.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import Any

import socketio
from locust import between, task
from socketio.exceptions import SocketIOError

from loadtests.common.shopper import Shopper

CONNECT_SECONDS = 10
BUYERS = 0.4


class Realtime(Shopper):
    wait_time = between(0.1, 0.5)

    def on_start(self) -> None:
        super().on_start()
        self._seen: dict[str, tuple[int, int]] = {}  # product -> (version, stock)
        self._socket = socketio.Client(reconnection=True, logger=False)
        self._socket.on("stock_update", self._on_stock_update)
        self._connect()

    def on_stop(self) -> None:
        with suppress(SocketIOError):
            self._socket.disconnect()
        for product, (version, stock) in self._seen.items():
            self.journal.write("seen", product=product, version=version, stock=stock)

    @task(3)
    def watch(self) -> None:
        """Reading goes on by itself; a socket that was lost for good is opened again."""
        if not self._socket.connected:
            self._connect()

    @task(2)
    def buy_what_is_watched(self) -> None:
        if self.dice.random() < BUYERS:
            self.buy([(self.any_product(), 1)])

    def _connect(self) -> None:
        began, failure = time.perf_counter(), None
        try:
            self._socket.connect(
                self.host,
                auth={"token": self.person.token},
                transports=["websocket"],
                wait_timeout=CONNECT_SECONDS,
            )
            ids = [product.id for product in self.stage.products]
            self._socket.call("subscribe", {"product_ids": ids}, timeout=CONNECT_SECONDS)
        except SocketIOError as error:
            failure = error
        self._told("CONNECT socket.io", 1000 * (time.perf_counter() - began), failure)

    def _on_stock_update(self, event: dict[str, Any]) -> None:
        at = datetime.fromisoformat(str(event["updated_at"]).replace("Z", "+00:00")).timestamp()
        self._told("EVENT stock_update", max(0.0, 1000 * (time.time() - at)), None)
        seen, version = self._seen.get(event["product_id"], (0, 0)), int(event["version"])
        if version > seen[0]:
            self._seen[event["product_id"]] = version, int(event["stock"])

    def _told(self, name: str, milliseconds: float, failure: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type=name.partition(" ")[0],
            name=name,
            response_time=milliseconds,
            response_length=0,
            exception=failure,
            context={},
        )
