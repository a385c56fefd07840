"""Members of a replica set, each asked directly, so that no primary is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from shardmart.domain.reports import Member

MEMBER_SECONDS = 1.0


async def describe_members(names: Mapping[str, str]) -> tuple[str | None, list[Member]]:
    """The set's name and its members, from host -> node name. Lag is against the newest write of any member."""
    answers = await asyncio.gather(*(_status(host) for host in names))
    times = [own["optimeDate"] for _, own in answers if own.get("optimeDate")]
    members = [
        Member(
            node=name,
            host=host,
            state=own.get("stateStr", "DOWN"),
            lag_seconds=(max(times) - own["optimeDate"]).total_seconds() if own.get("optimeDate") else None,
        )
        for (host, name), (_, own) in zip(names.items(), answers, strict=True)
    ]
    return next((set_name for set_name, _ in answers if set_name), None), members


async def _status(host: str) -> tuple[str | None, dict[str, Any]]:
    """What a member says of itself, nothing when it does not answer in time."""
    milliseconds = int(MEMBER_SECONDS * 1000)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        f"mongodb://{host}",
        directConnection=True,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=milliseconds,
    )
    try:
        status = await asyncio.wait_for(client.admin.command("replSetGetStatus"), MEMBER_SECONDS * 1.5)
        own: dict[str, Any] = next((member for member in status["members"] if member.get("self")), {})
        return status.get("set"), own
    except (PyMongoError, asyncio.TimeoutError):
        return None, {}
    finally:
        await client.close()
