"""Many statements in one write command: grouped by shard, sent, repeated where the routing was stale, and
merged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from cluster.router.catalog import Placement
from cluster.router.errors import BAD_VALUE, STALE, STALE_CONFIG, CommandError, Doc, is_stale, succeeded

if TYPE_CHECKING:
    from cluster.router.context import Router

T = TypeVar("T")


@dataclass
class Statement:
    """One document, update or delete, and its number within a retryable write."""

    document: Mapping[str, Any]
    number: int


@dataclass
class BulkPlan:
    """A write command taken apart."""

    command: Doc
    field: str
    statements: list[Statement]

    @property
    def ordered(self) -> bool:
        """Stop at the first error?"""
        return bool(self.command.get("ordered", True))


@dataclass
class Group:
    """Statements that go to the same shards in one command."""

    shards: list[str]
    indexes: list[int] = field(default_factory=list)
    error: Doc | None = None  # it cannot be aimed at any


class Bulk:
    """Runs one plan. `pending` shrinks to nothing; what shards refused for stale routing stays in it for a
    next round."""

    def __init__(
        self,
        plan: BulkPlan,
        target: Callable[[Placement, Mapping[str, Any]], list[str]],
        send: Callable[[str, Doc], Awaitable[Doc]],
    ) -> None:
        self._plan, self._target, self._send = plan, target, send
        self._pending = dict.fromkeys(range(len(plan.statements)))
        self._errors: dict[int, Doc] = {}
        self._stopped = False
        self._failure: Doc | None = None
        self._result = _Result(plan.command)

    async def run(self, router: Router, namespace: str, deadline: float | None) -> Doc:
        """The merged answer. Without a deadline stale routing is handed to the caller at once
        (transactions)."""
        pause = 0.01
        while self._pending and not self._stopped:
            placement = await router.catalog.placement(namespace, create=True)
            if placement is None:
                raise CommandError(BAD_VALUE, f"no place for {namespace}")
            left = len(self._pending)
            await self._round(placement)
            if self._failure is not None:
                return self._failure
            if self._pending and not self._stopped:
                router.catalog.forget(namespace)
                if deadline is None or time.monotonic() > deadline:
                    raise CommandError(STALE_CONFIG, f"the routing of {namespace} does not settle")
                await asyncio.sleep(pause)
                pause = 0.01 if len(self._pending) < left else min(2 * pause, 0.2)
        return self._result.merged(self._errors)

    async def _round(self, placement: Placement) -> None:
        groups = self._groups(placement)
        if self._plan.ordered:
            for group in groups:
                before = len(self._pending)
                await self._run_group(placement, group)
                if self._stopped or self._failure or before - len(self._pending) < len(group.indexes):
                    return  # an error ends it; stale routing: the rest must wait for its turn
        else:
            await _all([self._run_group(placement, group) for group in groups])

    def _groups(self, placement: Placement) -> list[Group]:
        groups: list[Group] = []
        by_shards: dict[tuple[str, ...], Group] = {}
        for index in list(self._pending):
            try:
                shards = self._target(placement, self._plan.statements[index].document)
            except CommandError as error:
                groups.append(Group([], [index], {"code": error.code, "errmsg": str(error)}))
                if self._plan.ordered:
                    break
                continue
            last = groups[-1] if groups and self._plan.ordered else by_shards.get(tuple(shards))
            if last is None or last.shards != shards or (self._plan.ordered and len(shards) > 1):
                last = by_shards[tuple(shards)] = Group(shards)
                groups.append(last)
            last.indexes.append(index)
        return groups

    def _fail(self, index: int, error: Mapping[str, Any]) -> None:
        self._errors[index] = {**error, "index": index}
        self._stopped = self._stopped or self._plan.ordered

    async def _run_group(self, placement: Placement, group: Group) -> None:
        if group.error is not None:
            self._fail(group.indexes[0], group.error)
            del self._pending[group.indexes[0]]
            return
        statements = [self._plan.statements[index] for index in group.indexes]
        command = {
            **self._plan.command,
            self._plan.field: [statement.document for statement in statements],
            "stmtIds": [statement.number for statement in statements],
        }
        alone = len(group.shards) == 1
        versions = placement.versions(group.shards[0]) if alone else placement.broadcast_versions()
        sends = [self._send(shard, {**command, **versions}) for shard in group.shards]
        replies = await _all(sends)
        done = set(group.indexes)
        for reply in replies:
            done &= self._absorb(group, reply)
        for index in done:
            del self._pending[index]

    def _absorb(self, group: Group, reply: Doc) -> set[int]:
        """Take a shard's answer in; returns the statements that are settled by it."""
        if not succeeded(reply):
            if not is_stale(reply):
                self._failure = self._failure or reply
            return set()
        self._result.add(reply, group.indexes)
        settled = set(group.indexes)
        for error in reply.get("writeErrors") or ():
            position = int(error["index"])
            unsettled = group.indexes[position:] if self._plan.ordered else [group.indexes[position]]
            if error["code"] in STALE:
                settled -= set(unsettled)
            else:
                self._fail(group.indexes[position], error)
        return settled


async def _all(waiting: list[Awaitable[T]]) -> list[T]:
    """Wait for all, then raise the first failure: nothing is left running behind an answer."""
    if len(waiting) == 1:
        return [await waiting[0]]
    results: list[T] = []
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    return results


class _Result:
    """The sums of several answers."""

    def __init__(self, command: Doc) -> None:
        self._counts: Doc = {"n": 0}
        if "update" in command:
            self._counts["nModified"] = 0
        self._lists: dict[str, list[Any]] = {"upserted": [], "retriedStmtIds": []}
        self._last: Doc = {}

    def add(self, reply: Mapping[str, Any], indexes: list[int]) -> None:
        """Add one shard's answer."""
        for name in self._counts:
            self._counts[name] += int(reply.get(name) or 0)
        for upsert in reply.get("upserted") or ():
            self._lists["upserted"].append({**upsert, "index": indexes[int(upsert["index"])]})
        self._lists["retriedStmtIds"] += reply.get("retriedStmtIds") or ()
        for name in ("writeConcernError", "errorLabels", "operationTime"):
            if name in reply:
                self._last[name] = reply[name]

    def merged(self, errors: Mapping[int, Doc]) -> Doc:
        """The answer for the client."""
        lists = {name: items for name, items in self._lists.items() if items}
        if errors:
            lists["writeErrors"] = [errors[index] for index in sorted(errors)]
        if "upserted" in lists:
            lists["upserted"].sort(key=lambda upsert: upsert["index"])
        return {**self._counts, **lists, **self._last, "ok": 1.0}
