"""Transactions as group commit sees them: they read a snapshot, and who commits first wins."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo.errors import AutoReconnect, DuplicateKeyError, OperationFailure

from shardmart.adapters.mongo.group.batch import Books, Changes
from shardmart.adapters.mongo.group.members import Checkout, Member
from shardmart.domain.cart import Cart
from shardmart.domain.reservations import Intent, State, may_yet_buy
from tests.unit.builders import AT
from tests.unit.model.database import Database
from tests.unit.model.explorer import World

CONFLICT = OperationFailure("conflict", 112, {"errorLabels": ["TransientTransactionError"]})


class Session:
    """A transaction: what it read is a snapshot, and who commits first wins. The server remembers a commit."""

    def __init__(self, db: Database, world: World) -> None:
        self.db, self.world = db, world
        self.in_transaction = self.committed = self.killed = False
        self.snapshot = self.changes = None  # type: Any
        self.carts: dict[str, Any] = {}  # as they were read, with their marks

    async def commit_transaction(self) -> None:
        unknown = {"errorLabels": ["UnknownTransactionCommitResult"]}

        class CommitLost(AutoReconnect):
            def __init__(self) -> None:
                super().__init__("lost", unknown)
                self._add_error_label("UnknownTransactionCommitResult")

        await self.world.step("commit", self._commit, lost=CommitLost)

    async def abort_transaction(self) -> None:
        self.in_transaction = False

    def _commit(self) -> None:
        if self.committed:
            return
        if self.killed:
            raise OperationFailure("killed", 251, {"errorLabels": ["TransientTransactionError"]})
        changes: Changes = self.changes
        moved = any(self.db.shelves[id].version != shelf.version for id, shelf in changes.before.items())
        moved = moved or any(self.carts[cart.buyer_id] != self.db.marked(cart.buyer_id) for cart in changes.emptied)
        if moved or self.db.meets(changes, self.db.outcomes, self.db.claims):
            raise CONFLICT
        self.committed, self.in_transaction = True, False
        self.db.claims |= {claim.id: claim for claim in changes.claims}
        for purchase, outcome in changes.outcomes:
            self.db.outcomes[purchase.checkout_id] = Intent(purchase, State.PLACED, "", AT, outcome, settled=True)
            self.db.orders |= {o.id: o for o in getattr(outcome, "orders", ())}
        for log in changes.logs:
            self.db.logs[log.id] = log
            self.db.move(log)
        for cart in changes.emptied:
            self.db.carts[cart.buyer_id] = Cart(cart.buyer_id, (), cart.version + 1)
            self.db.marks.pop(cart.buyer_id, None)


class Transacting:
    """Stands for `Mongo`, `Sessions` and `BatchStore` together."""

    def __init__(self, db: Database, world: World) -> None:
        self.db, self.world = db, world

    def collection(self, name: str) -> None: ...

    async def begin(self, session: Session) -> None:
        session.in_transaction, session.committed, session.snapshot = True, False, None

    async def open(self) -> Session:
        return Session(self.db, self.world)

    async def discard(self, session: Session, *, kill: bool = False) -> None:
        session.killed = session.killed or kill

    async def read(self, session: Session, members: Sequence[Member], *, look: bool) -> Books:
        held: list[Books] = []

        def read() -> Books:
            session.snapshot = copy.copy(self.db.outcomes), copy.copy(self.db.claims)
            ids = {id for member in members for id in member.products}
            books = Books({id: self.db.shelves[id] for id in ids})
            stored = [self.db.outcomes[m.id] for m in members if look and m.id in self.db.outcomes]
            books.outcomes = {intent.checkout_id: intent.outcome for intent in stored if intent.settled}
            books.unsettled = {intent.checkout_id for intent in stored if not intent.settled}
            keys = {m.claim.id for m in members if isinstance(m, Checkout) and m.claim}
            books.claims = keys & set(self.db.claims)
            buyers = {member.cart for member in members if isinstance(member, Checkout) and member.cart}
            session.carts = {buyer: self.db.marked(buyer) for buyer in buyers}
            books.carts = {buyer: self.db.carts[buyer] for buyer in buyers}
            books.being_bought = {buyer for buyer in buyers if self._is_being_bought(buyer)}
            return books

        await self.world.step("read", lambda: held.append(read()), lost=AutoReconnect, writes=False)
        return held[0]

    async def write(self, session: Session, books: Books, changes: Changes, *, at: datetime) -> None:
        if self.db.meets(changes, *session.snapshot):
            raise DuplicateKeyError("outcome or claim", 11000)
        session.changes = changes

    def _is_being_bought(self, buyer_id: str) -> bool:
        mark = self.db.marks.get(buyer_id)
        return mark is not None and may_yet_buy(self.db.outcomes.get(mark.checkout_id), mark.attempt)
