"""Members of a replica set, each asked directly, so that no primary is needed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from shardmart.domain.reports import Member

MEMBER_SECONDS = 1.0
URI = re.compile(r"(?P<scheme>mongodb(\+srv)?)://(?P<user>[^@/?]*@)?[^/?]*(?P<path>/[^?]*)?(\?(?P<options>.*))?")
OF_THE_SET = {"replicaset", "directconnection", "loadbalanced", "readpreference", "srvservicename", "srvmaxhosts"}


async def describe_members(names: Mapping[str, str], uri: str) -> tuple[str | None, list[Member]]:
    """The set's name and its members, from host -> node name. Lag is against the newest write of any member.

    `uri` is the shop's own connection string: members are asked under the same user.
    """
    answers = await asyncio.gather(*(_status(uri, host) for host in names))
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


def direct_uri(uri: str, host: str) -> str:
    """The connection string of one member: user, database and TLS of the whole set's, its host alone."""
    parts = URI.fullmatch(uri)
    if parts is None:
        raise ValueError("not a connection string")
    kept = {name: value for name, value in parse_qsl(parts["options"] or "") if name.lower() not in OF_THE_SET}
    if parts["scheme"] == "mongodb+srv":  # follows from the scheme, which one member's address cannot have
        kept = {"tls": "true", **kept}
    kept["directConnection"] = "true"
    return f"mongodb://{parts['user'] or ''}{host}{parts['path'] or '/'}?{urlencode(kept)}"


async def _status(uri: str, host: str) -> tuple[str | None, dict[str, Any]]:
    """What a member says of itself, nothing when it does not answer in time."""
    if not await _listens(host):
        return None, {}
    milliseconds = int(MEMBER_SECONDS * 1000)
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        direct_uri(uri, host),
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


async def _listens(host: str) -> bool:
    """A killed member refuses at once; the driver would go on trying, and the lab see late who leads."""
    name, _, port = host.rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(name.strip("[]"), int(port)), MEMBER_SECONDS)
    except (OSError, asyncio.TimeoutError):
        return False
    writer.close()
    return True
