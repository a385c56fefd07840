"""The relay: from the feed of changes to the sockets of this worker.

Every worker hears every change and tells only its own sockets, so nothing stands between workers that could be lost,
and a change made by any process, the shop's or not, is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from shardmart import metrics
from shardmart.domain import clock
from shardmart.domain.changes import (
    START,
    Announced,
    Change,
    Heard,
    Missed,
    Noticed,
    OrderChanged,
    Position,
    ProductChanged,
    SessionEnded,
    UserDeleted,
)
from shardmart.domain.listings import Product
from shardmart.domain.notices import Kind, Notice
from shardmart.domain.orders import Order
from shardmart.realtime import events
from shardmart.realtime.ring import Kept, Ring, Shown, States
from shardmart.realtime.rooms import ADMINS, CATALOG, Client, Rooms, product_room, user_room
from shardmart.realtime.stock import Coalescer
from shardmart.service.relay_status import RelayStatus
from shardmart.service.shop import Shop

MOST_ENDED = 50_000  # sessions remembered as ended
BROKEN_SECONDS = 0.5  # before a relay that failed by a fault of ours goes on
log = logging.getLogger("shardmart.relay")


class Relay:
    """One per worker. What it does to rooms and sockets happens between two awaits: nobody joins in the middle."""

    def __init__(self, shop: Shop, rooms: Rooms) -> None:
        self._shop = shop
        self._rooms = rooms
        self.status: RelayStatus = shop.relay
        self.position = START
        self.ring, self.states = Ring(), States()
        self._pace = Coalescer(self._tell_state)
        self._ended: OrderedDict[str, None] = OrderedDict()  # sessions and users that ended lately
        self._moved = asyncio.Event()
        self._checks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        failed = False
        while True:
            try:
                if failed:
                    self._hear(Heard(self.position, Missed()))
                    failed = False
                async for heard in self._shop.changes.follow():
                    self._hear(heard)
            except Exception:
                log.exception("the relay failed and starts again")
                failed = True
                await asyncio.sleep(BROKEN_SECONDS)

    def close(self) -> None:
        self._pace.close()
        for check in self._checks:
            check.cancel()

    async def reach(self, position: Position, *, seconds: float) -> bool:
        """Whether this worker has heard everything up to `position`, after waiting for it."""
        end = asyncio.get_running_loop().time() + seconds
        while self.position < position:
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), end - asyncio.get_running_loop().time())
            except asyncio.TimeoutError:
                return False
        return True

    def has_ended(self, session_id: str, user_id: str) -> bool:
        """Whether the end of the session or the user was heard: a socket must not outlive what it just missed."""
        return session_id in self._ended or user_id in self._ended

    # ---- one step

    def _hear(self, heard: Heard) -> None:
        if not self.status.has_run:
            self.ring.restart(heard.position)
            self.states.restart(heard.position)
            self.status.has_run = True
        self.position = max(self.position, heard.position)
        self._moved.set()
        if heard.change is not None:
            self._tell(heard.change, heard.position)
            self._measure(heard.committed_at)

    def _measure(self, committed_at: datetime | None) -> None:
        if committed_at is not None:
            seconds = max(0.0, (clock.now() - committed_at).total_seconds())
            metrics.RELAY_SECONDS.observe(seconds)
            self.status.lag_ms = round(seconds * 1000, 1)

    def _tell(self, change: Change, position: Position) -> None:
        if isinstance(change, ProductChanged):
            self._product(change.product_id, change.product, position)
        elif isinstance(change, OrderChanged):
            self._order(change.order, position, is_new=change.is_new)
        elif isinstance(change, Noticed):
            self._notice(change.notice, position)
        elif isinstance(change, SessionEnded):
            self._end(change.session_id, self._rooms.of_session(change.session_id), position)
        elif isinstance(change, UserDeleted):
            self._end(change.user_id, self._rooms.within([user_room(change.user_id)]), position)
        elif isinstance(change, Announced):
            self._rooms.emit(change.event, {**change.payload, "event_id": position.event_id("news")}, [ADMINS])
        else:
            self._missed(position)

    # ---- what is told

    def _product(self, product_id: str, product: Product | None, position: Position) -> None:
        rooms = (product_room(product_id), CATALOG)
        if product is None:
            self.states.drop(product_id)
            self._pace.drop(product_id)
            for client in self._rooms.within(rooms):
                client.line.resync(position.event_id(), "gone")
            return
        known, state = self.states.get(product_id), events.stock_update(product)
        if known is not None and (product.version < known.version or state == known.state):
            return  # looked up before or after another change that was told already
        frame = events.frame("stock_update", state, position)
        shown = Shown(position, product.version, state, frame)
        self.states.put(product_id, shown)
        self._pace.offer(product_id, shown)

    def _tell_state(self, product_id: str, shown: Shown) -> None:
        rooms = (product_room(product_id), CATALOG)
        self._rooms.send("stock_update", shown.frame, shown.position.event_id(), rooms)

    def _order(self, order: Order, position: Position, *, is_new: bool) -> None:
        name, user_id = ("order_placed", order.seller_id) if is_new else ("order_status", order.buyer_id)
        self._private(name, events.order(order), position, user_room(user_id))

    def _notice(self, notice: Notice, position: Position) -> None:
        self._private("notification", events.notification(notice), position, user_room(notice.user_id))
        if notice.kind is Kind.LOW_STOCK:
            second = Position(position.time, position.ordinal + 1)
            self._private("low_stock", events.low_stock(notice), second, user_room(notice.user_id), ADMINS)

    def _private(self, name: str, payload: dict[str, object], position: Position, *rooms: str) -> None:
        frame = events.frame(name, payload, position)
        self.ring.add(Kept(position, frozenset(rooms), frame))
        self._rooms.send(name, frame, position.event_id(), rooms)

    def _end(self, id: str, clients: Iterable[Client], position: Position) -> None:
        self._ended[id] = None
        if len(self._ended) > MOST_ENDED:
            self._ended.popitem(last=False)
        for client in clients:
            client.line.end("unauthenticated", "The session has ended.", event_id=position.event_id())

    # ---- when a part is missing

    def _missed(self, position: Position) -> None:
        self.ring.restart(position)
        self.states.restart(position)
        self._pace.close()
        for client in self._rooms.clients:
            client.line.resync(position.event_id(), "missed")
        check = asyncio.create_task(self._check_sessions())
        self._checks.add(check)
        check.add_done_callback(self._checks.discard)

    async def _check_sessions(self) -> None:
        """Ends what may have ended unheard."""
        for session_id, client in list(self._rooms.sessions()):
            if await self._shop.sessions.get(session_id) is None:
                client.line.end("unauthenticated", "The session has ended.", event_id=self.position.event_id())
