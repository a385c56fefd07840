"""Talks to the members of a replica set: is it there, initiate it, wait for it, who is primary."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from cluster.console import log
from cluster.errors import ActionRefused, ClusterError

Document = dict[str, Any]
SETTINGS = {
    "electionTimeoutMillis": 2000,
    "heartbeatIntervalMillis": 500,
    # a secondary that copies from another one stands still with it, and with it the majority
    "chainingAllowed": False,
}
NOT_YET_INITIALIZED = 94
PRIMARY = 1
STEP_DOWN_SECONDS = 10
POLL_SECONDS = 0.05


@asynccontextmanager
async def direct(host: str, *, seconds: float = 2) -> AsyncIterator[AsyncDatabase[Document]]:
    """The admin database of one member, whatever its state; PyMongoError from use if it does not answer in time."""
    milliseconds = int(seconds * 1000)
    client: AsyncMongoClient[Document] = AsyncMongoClient(
        host,
        directConnection=True,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=milliseconds,
    )
    try:
        yield client.admin
    finally:
        await client.close()


async def hello(host: str) -> Document:
    """A member's view of itself; empty if it does not answer."""
    try:
        async with direct(host) as admin:
            return await admin.command("hello")
    except PyMongoError:
        return {}


async def listening(host: str) -> None:
    """Return once something accepts connections there."""
    address, _, port = host.rpartition(":")
    while True:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, int(port)), 1)
        except (OSError, asyncio.TimeoutError):
            await asyncio.sleep(POLL_SECONDS)
        else:
            writer.close()
            return


async def is_configured(host: str) -> bool:
    """Whether a member knows its set already; raises ClusterError if it cannot be asked."""
    try:
        async with direct(host, seconds=10) as admin:
            await admin.command("replSetGetConfig")
    except OperationFailure as error:
        if error.code == NOT_YET_INITIALIZED:
            return False
        raise ClusterError(f"{host} refused to tell its configuration: {error}") from None
    except PyMongoError as error:
        raise ClusterError(f"{host} does not answer: {error}") from None
    return True


async def initiate(name: str, hosts: Sequence[str], *, config_servers: bool = False) -> None:
    """Make a set of new members; raises ClusterError if they refuse."""
    members = [{"_id": number, "host": host} for number, host in enumerate(hosts)]
    configuration: Document = {"_id": name, "members": members, "settings": SETTINGS}
    if config_servers:
        configuration["configsvr"] = True
    try:
        async with direct(hosts[0], seconds=30) as admin:
            await admin.command("replSetInitiate", configuration)
    except PyMongoError as error:
        raise ClusterError(f"cannot initiate the replica set {name}: {error}") from None


async def elect(host: str) -> None:
    """Ask a member to become primary now instead of after the election timeout; it may fail to."""
    try:
        async with direct(host) as admin:
            await admin.command("replSetStepUp")
    except PyMongoError:
        pass  # others will: by the timeout


async def ready(hosts: Sequence[str], *, seconds: float) -> bool:
    """Wait for a primary and for all to have its data; after that time a primary alone will do (False: none)."""
    deadline = asyncio.get_running_loop().time() + seconds
    asked = False
    while True:
        answers = await asyncio.gather(*(hello(host) for host in hosts))
        primary = any(answer.get("isWritablePrimary") for answer in answers)
        if primary and all(answer.get("isWritablePrimary") or answer.get("secondary") for answer in answers):
            return True
        if asyncio.get_running_loop().time() > deadline:
            return primary
        if not asked and not primary and all(answer.get("secondary") for answer in answers):
            asked = True
            await elect(hosts[0])
        await asyncio.sleep(POLL_SECONDS)


async def step_down(host: str) -> None:
    """Make the primary give up its office; raises ActionRefused if it is not primary or nobody could take over."""
    if not (await hello(host)).get("isWritablePrimary"):
        raise ActionRefused("it is not the primary")
    order = {"replSetStepDown": STEP_DOWN_SECONDS, "secondaryCatchUpPeriodSecs": 3}
    try:
        async with direct(host, seconds=5) as admin:
            await admin.command(order)
    except OperationFailure as error:
        raise ActionRefused(f"it stays primary: {error.details and error.details.get('errmsg')}") from None
    except PyMongoError as error:
        log(f"stepdown of {host}: {error}")
        raise ActionRefused("it did not answer in time") from None


async def members(hosts: Sequence[str]) -> dict[str, Document]:
    """State and lag of every member as the primary, or any that answers, sees them."""
    answers = [answer for answer in await asyncio.gather(*(_status(host) for host in hosts)) if answer]
    answers.sort(key=lambda answer: answer["myState"] != PRIMARY)
    seen: dict[str, Document] = {}
    for answer in answers:
        for member in answer["members"]:
            # what a member says of its own progress is newer than what others heard from it
            if member["name"] not in seen or member.get("self"):
                seen[member["name"]] = member
    return {host: _member(seen.get(host), seen) for host in hosts}


def _member(member: Document | None, seen: dict[str, Document]) -> Document:
    if not member or not member.get("health"):
        return {"state": "DOWN", "lag_seconds": None}
    newest = max((known["optimeDate"] for known in seen.values() if "optimeDate" in known), default=None)
    lag = (newest - member["optimeDate"]).total_seconds() if newest and "optimeDate" in member else None
    return {"state": member["stateStr"], "lag_seconds": lag}


async def _status(host: str) -> Document | None:
    try:
        async with direct(host) as admin:
            return await admin.command("replSetGetStatus")
    except PyMongoError:
        return None
