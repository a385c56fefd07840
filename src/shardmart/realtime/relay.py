"""The relay: from the feed of changes to the sockets of this worker.

Every worker hears every change and tells only its own sockets, so nothing stands between workers that could be lost,
and a change made by any process, the shop's or not, is told.

It rests while the worker has neither sockets nor a catalogue cache in use: somebody who comes calls it, and is let in
when it hears. The cache is told before the sockets are.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import aclosing
from datetime import datetime
from time import monotonic

from shardmart import metrics
from shardmart.domain import clock
from shardmart.domain.changes import (
    START,
    Announced,
    Change,
    Heard,
    Interrupted,
    Missed,
    Noticed,
    OrderChanged,
    Position,
    ProductChanged,
    SessionEnded,
    UserDeleted,
)
from shardmart.domain.errors import Unavailable
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
AWAY_SECONDS = 0.5  # before a session is asked for again
GRACE_SECONDS = 60.0  # it hears on after the last client left, so that those who come back find what they missed
CATCH_UP_SECONDS = 15  # what a client missed that long ago at most is heard by the relay that it wakes
MARGIN = 2 << 32  # two seconds of cluster time: a product's state may have been held back when its place had passed
log = logging.getLogger("shardmart.relay")


class Relay:
    """One per worker. What it does to rooms and sockets happens between two awaits: nobody joins in the middle."""

    def __init__(self, shop: Shop, rooms: Rooms) -> None:
        self._shop = shop
        self._rooms = rooms
        self.status: RelayStatus = shop.relay
        self.position = START
        self._cache = shop.cache
        if self._cache is not None:
            self._cache.on_wanted(self.call)
        self.ring, self.states = Ring(), States()
        self.nodes: Ring | None = None  # news of the topology, since it is watched
        self._pace = Coalescer(self._tell_state)
        self._ended: OrderedDict[str, None] = OrderedDict()  # sessions and users that ended lately
        self.hears_since: float | None = None  # by `monotonic`, when the feed was opened; None: it rests
        self._called, self._called_at = asyncio.Event(), 0.0
        self._since: Position | None = None  # where it begins when it wakes; None: now
        self._moved = asyncio.Event()
        self._checks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        self.status.begin()
        while True:
            await self._called.wait()
            await self._listen()

    async def _listen(self) -> None:
        """From now on, until nobody has been there for a while."""
        failed = False
        while True:
            try:
                if failed and self.hears_since is not None:
                    self._hear(Heard(self.position, Missed()))
                failed = False
                feed = self._shop.changes.follow(anew=self.hears_since is None, since=self._since)
                async with aclosing(feed):
                    async for heard in feed:
                        self._hear(heard)
                        if self._is_alone():
                            self._rest()
                            return
            except Exception:
                log.exception("the relay failed and starts again")
                self._interrupt_cache()
                failed = True
                await asyncio.sleep(BROKEN_SECONDS)

    def close(self) -> None:
        self._pace.close()
        for check in self._checks:
            check.cancel()

    def call(self, last: Position | None = None) -> None:
        """Somebody is there, or about to be, who heard `last`. A relay that rests begins there if that was lately."""
        self._called_at = monotonic()
        if not self._called.is_set():
            self._since = _shortly_before(last) if last else None
            self._called.set()

    async def wake(self, last: Position | None, *, seconds: float) -> None:
        """Returns when the relay hears, or after `seconds`. Who is in a room before it does gets a `resync` then."""
        self.call(last)
        end = asyncio.get_running_loop().time() + seconds
        while self.hears_since is None and await self._waited_for_a_move(end):
            pass

    async def reach(self, position: Position, *, seconds: float) -> bool:
        """Whether this worker has heard everything up to `position`, after waiting for it."""
        end = asyncio.get_running_loop().time() + seconds
        while self.position < position:
            if not await self._waited_for_a_move(end):
                return False
        return True

    async def _waited_for_a_move(self, end: float) -> bool:
        """False when nothing was heard until `end`, in the loop's time."""
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
        if self.hears_since is None:
            self._begin(heard.position)
        self.position = max(self.position, heard.position)
        self._moved.set()
        if self._cache is not None:
            self._cache.hear(heard)
        if heard.change is not None and not isinstance(heard.change, Interrupted):
            self._tell(heard.change, heard.position)
            self._measure(heard.committed_at)

    def _begin(self, position: Position) -> None:
        """The feed is open. Who was let in before it was may have missed something."""
        self.hears_since, self.position = monotonic(), position
        self._interrupt_cache()
        self.ring.restart(position)
        self.states.restart(position)
        if self._rooms.clients:
            self._missed(position)

    def _is_alone(self) -> bool:
        if self._rooms.clients or (self._cache is not None and self._cache.is_wanted):
            return False
        return monotonic() - max(self._rooms.left_at, self._called_at) > GRACE_SECONDS

    def _rest(self) -> None:
        self.hears_since, self.status.lag_ms = None, None
        self._interrupt_cache()
        self._called.clear()
        self._pace.close()

    def _interrupt_cache(self) -> None:
        if self._cache is not None:
            self._cache.interrupt()

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
            self._private(change.event, change.payload, position, ADMINS)
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
        """Ends what may have ended unheard, however long the database takes to tell."""
        for session_id, client in list(self._rooms.sessions()):
            if client in self._rooms.clients and await self._is_over(session_id):
                client.line.end("unauthenticated", "The session has ended.", event_id=self.position.event_id())

    async def _is_over(self, session_id: str) -> bool:
        while True:
            try:
                return await self._shop.sessions.get(session_id) is None
            except Unavailable:
                await asyncio.sleep(AWAY_SECONDS)


def _shortly_before(last: Position) -> Position | None:
    """None when that is too long ago, or when nobody can have heard it yet."""
    age = clock.to_ms(clock.now()) // 1000 - last.seconds
    margin = MARGIN >> 32  # clocks differ, by less
    return Position(last.time - MARGIN, 0) if -margin <= age <= CATCH_UP_SECONDS else None
