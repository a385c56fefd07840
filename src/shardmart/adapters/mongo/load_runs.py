"""The lab's load runs: a lease in `locks`, and their figures among the announcements that the relay tells admins."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from shardmart.adapters.mongo.client import Document, Mongo
from shardmart.adapters.mongo.failures import repository
from shardmart.domain import clock
from shardmart.domain.load import LoadFigures, LoadRun

LOCK, EVENT, KEPT = "lab-load", "load", timedelta(hours=1)


@repository
class MongoLoadRuns:
    def __init__(self, mongo: Mongo) -> None:
        self._locks = mongo.collection("locks")
        self._told = mongo.collection("announcements")

    async def begin(self, run: LoadRun, *, until: datetime) -> bool:
        free = {"_id": LOCK, "until": {"$lt": clock.now()}}
        try:
            await self._locks.update_one(
                free, {"$set": {"run": asdict(run), "until": until, "stop": False}}, upsert=True
            )
        except DuplicateKeyError:
            return False
        return True

    async def extend(self, run_id: str, *, until: datetime) -> bool:
        mine = {"_id": LOCK, "run.id": run_id, "stop": False}
        return (await self._locks.update_one(mine, {"$set": {"until": until}})).matched_count == 1

    async def end(self, run_id: str) -> None:
        await self._locks.update_one({"_id": LOCK, "run.id": run_id}, {"$set": {"until": clock.EPOCH}})

    async def stop(self) -> None:
        await self._locks.update_one({"_id": LOCK}, {"$set": {"stop": True}})

    async def last(self) -> tuple[LoadRun | None, list[LoadFigures]]:
        lock = await self._locks.find_one({"_id": LOCK})
        if lock is None:
            return None, []
        run = LoadRun(**lock["run"])
        which = {"_id": {"$gte": f"{EVENT}-{run.id}-", "$lt": f"{EVENT}-{run.id}-~"}}
        found = await self._told.find(which, sort=[("_id", 1)]).to_list(None)
        return run, [_figures_of(run, d["payload"]) for d in found]

    async def tell(self, figures: LoadFigures) -> None:
        told = {
            "_id": f"{EVENT}-{figures.run.id}-{figures.second:05d}",
            "event": EVENT,
            "payload": payload_of(figures),
            "expires_at": clock.now() + KEPT,
        }
        with suppress(DuplicateKeyError):  # told, and the answer was lost
            await self._told.insert_one(told)


def payload_of(figures: LoadFigures) -> Document:
    """The `load` event."""
    run = figures.run
    return {
        "run_id": run.id,
        "buyers": run.buyers,
        "seconds": run.seconds,
        "strategy": run.strategy,
        "second": figures.second,
        "checkouts_per_second": figures.checkouts_per_second,
        "latency_ms": {"p50": figures.p50_ms, "p99": figures.p99_ms},
        "outcomes": dict(figures.outcomes),
        "running": figures.running,
    }


def _figures_of(run: LoadRun, d: Document) -> LoadFigures:
    return LoadFigures(
        run=run,
        second=d["second"],
        checkouts_per_second=d["checkouts_per_second"],
        p50_ms=d["latency_ms"]["p50"],
        p99_ms=d["latency_ms"]["p99"],
        outcomes=d["outcomes"],
        running=d["running"],
    )
