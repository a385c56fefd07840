"""A member on its way: who waits for it and until when."""

from __future__ import annotations

import asyncio

from shardmart.adapters.mongo.group.members import Answer, Member, holds
from shardmart.domain.errors import Unavailable


class Ticket:
    """`deadline` and `since` are in the loop's time; `holds` is what it keeps from other batches."""

    __slots__ = ("answer", "deadline", "holds", "member", "since")

    def __init__(self, member: Member, *, deadline: float, since: float, answer: asyncio.Future[Answer]) -> None:
        self.member = member
        self.holds = holds(member)
        self.deadline = deadline
        self.since = since
        self.answer = answer

    def resolve(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def is_wanted(self, now: float) -> bool:
        """False once nobody waits any more; who waited too long is told that the outcome is unknown."""
        if now >= self.deadline:
            self.fail(Unavailable())
        return not self.answer.done()
