"""explain. find and aggregate are explained by the engine; the rest by the shards themselves, put together
here.

The engine must never see the explain of a write (it took a shard down), so writes are explained as
ordinary commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from cluster.router.allowlist import check_fields, check_pipeline
from cluster.router.catalog import Placement
from cluster.router.context import CONFIG_DATABASES, Request, Router
from cluster.router.errors import BAD_VALUE, COMMAND_NOT_FOUND, CommandError, Doc, succeeded
from cluster.router.reads import refuse_tailable
from cluster.router.writes import FIELD_OF, targets

_BY_SHARDS = frozenset({"count", "distinct", "update", "delete", "findAndModify"})
_SESSION_FIELDS = ("lsid", "txnNumber", "$db", "$clusterTime", "$readPreference", "writeConcern")


async def explain(router: Router, request: Request) -> Doc:
    """The command explain."""
    wanted = request.body["explain"]
    if not isinstance(wanted, Mapping) or not wanted:
        raise CommandError(BAD_VALUE, "explain needs a command")
    name = next(iter(wanted))
    if name not in _BY_SHARDS | {"find", "aggregate"} or request.db in CONFIG_DATABASES:
        raise CommandError(COMMAND_NOT_FOUND, f"Explain failed due to unknown or unsupported command: {name}")
    check_fields(name, wanted)
    inner = {field: value for field, value in wanted.items() if field not in _SESSION_FIELDS}
    verbosity = request.body.get("verbosity", "allPlansExecution")
    part = Request(name, request.db, inner, request.deadline)
    if name == "find":
        refuse_tailable(part)
        command = {"explain": {"clusterFind": part.collection, **_rest(inner)}, "verbosity": verbosity}
        return await _on_engine(router, part, command)
    if name == "aggregate":
        return await _aggregate(router, part, verbosity)
    return await _on_shards(router, part, verbosity)


async def explain_aggregate(router: Router, request: Request) -> Doc:
    """An aggregate with `explain: true` in it."""
    inner = {name: value for name, value in request.body.items() if name != "explain"}
    return await _aggregate(router, Request("aggregate", request.db, inner, request.deadline), "queryPlanner")


async def _aggregate(router: Router, part: Request, verbosity: str) -> Doc:
    if "$changeStream" in check_pipeline(part.body.get("pipeline")):
        raise CommandError(BAD_VALUE, "the development router does not explain change streams")
    target = {"clusterAggregate": part.collection, **_rest(part.body), "cursor": {}}
    if verbosity == "queryPlanner":
        return await _on_engine(router, part, {**target, "explain": True})
    return await _on_engine(router, part, {"explain": target, "verbosity": verbosity})


def _rest(body: Doc) -> Doc:
    """Everything after the command's own field."""
    return dict(list(body.items())[1:])


async def _on_engine(router: Router, part: Request, command: Doc) -> Doc:
    async def attempt(placement: Placement | None) -> Doc:
        return await router.engine.read(part.db, command, deadline=part.deadline)

    return await router.settled(part.namespace, part.deadline, attempt)


async def _on_shards(router: Router, part: Request, verbosity: str) -> Doc:
    shards: dict[str, Doc] = {}

    async def attempt(placement: Placement | None) -> Doc:
        shards.clear()
        names = _targets(placement, part) if placement else []
        replies = await asyncio.gather(*(one(placement, name) for name in names if placement))
        shards.update(zip(names, replies, strict=True))
        return next((reply for reply in replies if not succeeded(reply)), {"ok": 1.0})

    async def one(placement: Placement, name: str) -> Doc:
        command = {"explain": {**part.body, **placement.versions(name)}, "verbosity": verbosity}
        shard = await router.shard(name)
        return await shard.command(part.db, command, deadline=part.deadline)

    outcome = await router.settled(part.namespace, part.deadline, attempt)
    return _merged(part.name, shards) if succeeded(outcome) else outcome


def _targets(placement: Placement, part: Request) -> list[str]:
    if part.name in FIELD_OF:
        statements = part.statements(FIELD_OF[part.name])
        return targets(part.name, placement, statements[0])
    return placement.shards_of_query(part.body.get("query") or {}, part.body.get("collation"))


def _merged(name: str, shards: Mapping[str, Mapping[str, Any]]) -> Doc:
    """The shape of mongos' own answers."""
    several = "SHARD_WRITE" if name in FIELD_OF else "SHARD_MERGE"
    stage = "SINGLE_SHARD" if len(shards) == 1 else several
    plans = [{"shardName": shard, **_section(reply, "queryPlanner")} for shard, reply in shards.items()]
    answer: Doc = {"queryPlanner": {"mongosPlannerVersion": 1, "winningPlan": {"stage": stage, "shards": plans}}}
    runs = [
        {"shardName": shard, **_section(reply, "executionStats")}
        for shard, reply in shards.items()
        if "executionStats" in reply
    ]
    if runs:
        sums = {field: sum(int(run.get(field, 0)) for run in runs) for field in _SUMMED}
        answer["executionStats"] = {**sums, "executionStages": {"stage": stage, "shards": runs}}
    return {**answer, "ok": 1.0}


_SUMMED = ("nReturned", "executionTimeMillis", "totalKeysExamined", "totalDocsExamined")


def _section(reply: Mapping[str, Any], name: str) -> Doc:
    return dict(reply.get(name) or {})
