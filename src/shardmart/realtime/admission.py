"""Who may connect, as whom, and what they missed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from socketio.exceptions import ConnectionRefusedError

from shardmart import metrics
from shardmart.domain import clock
from shardmart.domain.accounts import Actor
from shardmart.domain.changes import Position, position_of
from shardmart.domain.errors import ShardmartError, Unauthenticated, Unavailable
from shardmart.domain.notices import Kind, Notice
from shardmart.realtime import events
from shardmart.realtime.hello import Malformed, read_hello
from shardmart.realtime.limits import MOST_SOCKETS
from shardmart.realtime.line import Line
from shardmart.realtime.relay import MARGIN as NEWS_MARGIN
from shardmart.realtime.relay import Relay
from shardmart.realtime.rooms import ADMINS, Client, Rooms
from shardmart.service import accounts
from shardmart.service.shop import Shop

WAKE_SECONDS = 3.0  # how long the first client of a worker waits for the feed to be opened
REACH_SECONDS = 2.0  # how long a client that is ahead of this worker waits for it
MOST_STORED = 200  # stored events told to one client
MARGIN = timedelta(seconds=20)  # between the time in a stored event and its commit: a checkout's deadline, and clocks


class Admission:
    def __init__(self, shop: Shop, rooms: Rooms, relay: Relay) -> None:
        self._shop = shop
        self._rooms = rooms
        self._relay = relay

    async def admit(self, line: Line, auth: Any) -> Client:
        """A new client, in its private rooms, with what it missed before all else.

        Raises ConnectionRefusedError, which the client sees as `connect_error` with `{code, detail}`.
        """
        try:
            hello = read_hello(auth)
            if len(self._rooms.clients) >= MOST_SOCKETS:
                raise Unavailable("Too many sockets.")
            last = position_of(hello.last_event_id) if hello.last_event_id else None
            await self._relay.wake(last, seconds=WAKE_SECONDS)
            is_there = last is None or await self._has_reached(last)
            actor = await self._prove(hello.token) if hello.token else None
        except Malformed as error:
            raise _refusal("validation_failed", str(error)) from None
        except ShardmartError as error:
            raise _refusal(error.code, error.detail) from None
        client = Client(line, last if is_there else None)
        self._rooms.add(client)
        self._relay.call()  # should it have gone to rest meanwhile
        try:
            if actor is not None and hello.token is not None:
                self._join(client, actor, hello.token)
            if hello.last_event_id:
                await self._resume(client, is_there and last is not None)
        except Unauthenticated as error:
            self._rooms.remove(client)
            raise _refusal(error.code, error.detail) from None
        except BaseException:
            self._rooms.remove(client)
            raise
        return client

    async def renew(self, client: Client, token: str) -> None:
        """A later token of the same user. Raises Unauthenticated, Unavailable."""
        actor = await self._prove(token)
        if client.actor is not None and client.actor.id != actor.id:
            raise Unauthenticated
        self._join(client, actor, token)

    async def _has_reached(self, last: Position) -> bool:
        """Whether this worker can know what came after `last`."""
        return self._relay.hears_since is not None and await self._relay.reach(last, seconds=REACH_SECONDS)

    async def _prove(self, token: str) -> Actor:
        """An admin is let in while the database is away: it is the database that they look at.

        The session is read after the feed was opened, which tells what ends from then on. While it is not open, those
        in the rooms are looked at again when it is; if that happens in between, the session is read again here.
        """
        is_admin = self._shop.tokens.read_access(token).is_admin
        prove = accounts.authenticate_without_database if is_admin else accounts.authenticate
        while True:
            since = self._relay.hears_since
            actor = await prove(self._shop, token, asked_since=since or 0.0)
            if since == self._relay.hears_since or self._relay.hears_since is None:
                return actor

    def _join(self, client: Client, actor: Actor, token: str) -> None:
        ends = clock.to_ms(self._shop.tokens.access_ends(token)) / 1000
        if self._relay.has_ended(actor.session_id, actor.id):
            raise Unauthenticated
        self._rooms.prove(client, actor, token_ends=ends)

    # ---- what was missed

    async def _resume(self, client: Client, knows: bool) -> None:
        """From the ring, else from what is stored, else it is told to fetch again: never nothing."""
        last, relay = client.resumes_after, self._relay
        if not knows or last is None:
            self._resync(client, "unknown")
        elif relay.ring.covers(last):
            metrics.RESUMES.labels("ring").inc()
            client.line.put_first([kept.frame for kept in relay.ring.after(last, client.private)])
            if ADMINS in client.private:
                self._resume_nodes(client, last)
        elif client.actor is not None and not client.actor.is_admin:
            await self._resume_from_store(client, client.actor, last)
        else:
            self._resync(client, "too_old")

    def _resume_nodes(self, client: Client, last: Position) -> None:
        """News of the topology have no place of their own in the order: those around `last` may come twice."""
        nodes, since = self._relay.nodes, Position(max(0, last.time - NEWS_MARGIN), 0)
        if nodes is None or not nodes.covers(since):
            client.line.resync(self._relay.position.event_id(), "nodes")
        else:
            client.line.put_first([kept.frame for kept in nodes.after(since, [ADMINS])])

    async def _resume_from_store(self, client: Client, actor: Actor, last: Position) -> None:
        """Notices carry the time at which they were decided, shortly before their commit: some come twice."""
        since = clock.from_ms(last.seconds * 1000) - MARGIN
        heard_up_to = self._relay.position
        try:
            found = await self._shop.notices.since(actor, since, limit=MOST_STORED + 1)
            frames = [frame for notice in found for frame in await self._told(notice, actor, heard_up_to)]
        except Unavailable:
            found, frames = [], []
        if not found or len(found) > MOST_STORED:
            self._resync(client, "too_old")
            return
        metrics.RESUMES.labels("store").inc()
        client.line.put_first(frames)

    async def _told(self, notice: Notice, actor: Actor, at: Position) -> list[bytes]:
        """The events that this notice stands for, with a position before all that comes live."""
        frames = [events.frame("notification", events.notification(notice), at)]
        if notice.kind is Kind.LOW_STOCK:
            frames.append(events.frame("low_stock", events.low_stock(notice), at))
            return frames
        order = await self._shop.orders.get(seller_id=notice.seller_id, id=notice.subject_id)
        is_new = notice.kind is Kind.ORDER_PLACED
        if order is not None and (is_new or actor.id == order.buyer_id):
            frames.insert(0, events.frame("order_placed" if is_new else "order_status", events.order(order), at))
        return frames

    def _resync(self, client: Client, reason: str) -> None:
        client.resumes_after = None
        client.line.resync(self._relay.position.event_id(), reason)


def _refusal(code: str, detail: str) -> ConnectionRefusedError:
    metrics.REFUSED.labels(code).inc()
    return ConnectionRefusedError(code, {"code": code, "detail": detail})
