"""The state of multi-statement transactions: which shards take part in each, which of them wrote, how it
stands."""

from __future__ import annotations

import asyncio
import enum
import time
from dataclasses import dataclass, field
from typing import Any

from bson import Int64, Timestamp

from cluster.router.errors import NO_SUCH_TRANSACTION, TRANSIENT_TRANSACTION, CommandError, Doc
from cluster.router.sessions import session_document

_FORGET_SECONDS = 180


class State(enum.Enum):
    """How a transaction stands."""

    OPEN = "open"
    COMMITTING = "committing"
    COMMITTED = "committed"
    ABORTED = "aborted"


@dataclass
class Participant:
    """A shard in a transaction. It is bound to one primary: the transaction does not survive that one."""

    host: str
    read_only: bool = True


@dataclass
class Transaction:
    """One transaction; `participants` in the order in which they joined, the first is the coordinator."""

    session: bytes
    number: int
    read_concern: Doc
    state: State = State.OPEN
    participants: dict[str, Participant] = field(default_factory=dict)
    committed: set[str] = field(default_factory=set)  # the shards that said so
    snapshot_time: Timestamp | None = None
    cursors: dict[int, str | list[Any]] = field(default_factory=dict)  # on a shard, or merged here
    touched: float = field(default_factory=time.monotonic)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def identity(self) -> Doc:
        """The fields that make a command part of this transaction."""
        return {"lsid": session_document(self.session), "txnNumber": Int64(self.number), "autocommit": False}

    def writers(self) -> list[str]:
        """The shards that wrote."""
        return [name for name, participant in self.participants.items() if not participant.read_only]

    def recovery_token(self) -> Doc:
        """Where any router can learn the outcome."""
        writers = self.writers()
        return {"recoveryToken": {"recoveryShardId": writers[0]} if writers else {}}

    def start_over(self) -> None:
        """Nothing has happened yet after all."""
        self.participants.clear()
        self.cursors.clear()
        self.snapshot_time = None


class Transactions:
    """The newest transaction of every session."""

    def __init__(self) -> None:
        self._by_session: dict[bytes, Transaction] = {}

    def __len__(self) -> int:
        return sum(transaction.state is State.OPEN for transaction in self._by_session.values())

    def start(self, session: bytes, number: int, read_concern: Doc | None) -> Transaction:
        """A new transaction; a number is good for one."""
        known = self._by_session.get(session)
        if known is not None and known.number == number:
            raise CommandError(50911, f"transaction {number} was already started")
        if known is not None and known.number > number:
            raise CommandError(225, f"transaction {number} is too old: {known.number} has started")
        transaction = Transaction(session, number, dict(read_concern or {}))
        self._by_session[session] = transaction
        return transaction

    def find(self, session: bytes, number: int) -> Transaction | None:
        """The transaction, if this router knows it."""
        known = self._by_session.get(session)
        return known if known is not None and known.number == number else None

    def get_open(self, session: bytes, number: int) -> Transaction:
        """The transaction a statement belongs to."""
        known = self.find(session, number)
        if known is None or known.state is not State.OPEN:
            message = f"Transaction {number} has been aborted, or this router does not know it"
            raise CommandError(NO_SUCH_TRANSACTION, message, labels=(TRANSIENT_TRANSACTION,))
        known.touched = time.monotonic()
        return known

    def of_sessions(self, sessions: set[bytes]) -> list[Transaction]:
        """The open transactions of some sessions."""
        found = (self._by_session.get(session) for session in sessions)
        return [transaction for transaction in found if transaction and transaction.state is State.OPEN]

    def expire(self) -> None:
        """Forget old ones; the servers have long ended them by their own time limit."""
        limit = time.monotonic() - _FORGET_SECONDS
        for session, transaction in list(self._by_session.items()):
            if transaction.touched < limit:
                del self._by_session[session]
