"""Who hears what. What is private follows from the token alone; what is public, from `subscribe`.

user:<id>      what concerns one user            every socket of that user
admins         the database and crossings        every socket of an admin
product:<id>   one product's state               who subscribed to it
catalog        every product's state             who subscribed to that
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from shardmart import metrics
from shardmart.domain.accounts import Actor
from shardmart.domain.changes import Position
from shardmart.realtime.frames import event_frame
from shardmart.realtime.limits import MOST_ROOMS
from shardmart.realtime.line import Line

ADMINS, CATALOG = "admins", "catalog"


def user_room(user_id: str) -> str:
    return f"user:{user_id}"


def product_room(product_id: str) -> str:
    return f"product:{product_id}"


@dataclass(eq=False, slots=True)
class Client:
    """A connected socket. `resumes_after`: the last event it heard before it came back."""

    line: Line
    resumes_after: Position | None = None
    actor: Actor | None = None
    token_ends: float = 0.0  # seconds since 1970
    private: frozenset[str] = frozenset()
    subscribed: set[str] = field(default_factory=set)


class TooManyRooms(Exception):
    """A client asked for more than MOST_ROOMS."""


class Rooms:
    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self.left_at = 0.0  # when the last of them left, by `monotonic`
        self._rooms: dict[str, set[Client]] = {}
        self._sessions: dict[str, set[Client]] = {}

    # ---- coming and going

    def add(self, client: Client) -> None:
        self.clients.add(client)
        metrics.SOCKETS.inc()

    def prove(self, client: Client, actor: Actor, *, token_ends: float) -> None:
        """The client is this user from now on."""
        self._forget_session(client)
        client.actor, client.token_ends = actor, token_ends
        self._sessions.setdefault(actor.session_id, set()).add(client)
        rooms = {user_room(actor.id)} | ({ADMINS} if actor.is_admin else set())
        client.private = frozenset(rooms)
        for room in rooms:
            self._join(client, room)

    def remove(self, client: Client) -> None:
        if client not in self.clients:
            return
        self.clients.discard(client)
        if not self.clients:
            self.left_at = monotonic()
        metrics.SOCKETS.dec()
        self._forget_session(client)
        for room in (*client.private, *client.subscribed):
            self._leave(client, room)

    def subscribe(self, client: Client, rooms: Iterable[str]) -> list[str]:
        """The rooms that are new to the client. Raises TooManyRooms, and joins none then."""
        new = [room for room in dict.fromkeys(rooms) if room not in client.subscribed]
        if len(client.subscribed) + len(new) > MOST_ROOMS:
            raise TooManyRooms
        if client in self.clients:
            client.subscribed.update(new)
            for room in new:
                self._join(client, room)
        return new

    def unsubscribe(self, client: Client, rooms: Iterable[str]) -> None:
        for room in client.subscribed.intersection(rooms):
            client.subscribed.discard(room)
            self._leave(client, room)

    # ---- who is there

    def of_session(self, session_id: str) -> set[Client]:
        return set(self._sessions.get(session_id, ()))

    def within(self, rooms: Iterable[str]) -> set[Client]:
        """Everybody in any of these rooms, once."""
        found: set[Client] = set()
        for room in rooms:
            found |= self._rooms.get(room, frozenset())
        return found

    def sessions(self) -> Iterator[tuple[str, Client]]:
        for session_id, clients in list(self._sessions.items()):
            for client in list(clients):
                yield session_id, client

    # ---- telling

    def emit(self, name: str, payload: Mapping[str, Any], rooms: Iterable[str]) -> None:
        """Makes the event and sends it; `payload` holds its `event_id`."""
        self.send(name, event_frame(name, payload), payload["event_id"], rooms)

    def send(self, name: str, frame: bytes, event_id: str, rooms: Iterable[str]) -> None:
        """Sends a finished event to everybody in these rooms, once."""
        listeners = self.within(rooms)
        for client in listeners:
            client.line.push(frame, event_id)
        if listeners:
            metrics.EMITS.labels(name).inc(len(listeners))

    def _join(self, client: Client, room: str) -> None:
        members = self._rooms.get(room)
        if members is None:
            members = self._rooms[room] = set()
            metrics.ROOMS.inc()
        members.add(client)

    def _leave(self, client: Client, room: str) -> None:
        members = self._rooms.get(room)
        if members is None:
            return
        members.discard(client)
        if not members:
            del self._rooms[room]
            metrics.ROOMS.dec()

    def _forget_session(self, client: Client) -> None:
        if client.actor is None:
            return
        session_id = client.actor.session_id
        clients = self._sessions.get(session_id)
        if clients is not None:
            clients.discard(client)
            if not clients:
                del self._sessions[session_id]
