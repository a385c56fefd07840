"""The primary dies at the worst moments of a batch: every member gets one answer, nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from shardmart.adapters.mongo.client import Mongo
from shardmart.adapters.mongo.group.commit import Commits
from shardmart.adapters.mongo.group.committer import Committer
from shardmart.adapters.mongo.group.store import BatchStore
from tests.group.proxy import proxied
from tests.group.scene import Scene, purchase_of
from tests.integration.lab import Cluster

BUYERS, ELECTED_WITHIN = 20, 15.0


@pytest.fixture
def primary(nodes: Cluster) -> Iterator[str]:
    """Its name; whatever is dead afterwards is started again."""
    yield nodes.named("PRIMARY")[0]
    nodes.heal()


def once(act: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    left = [act]

    async def maybe() -> None:
        if left:
            await left.pop()()

    return maybe


@pytest.mark.parametrize("moment", ["between its statements", "before the commit"])
async def test_killed_before_anything_is_decided(
    scene: Scene, nodes: Cluster, primary: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await scene.product(100)
    kill = once(lambda: asyncio.to_thread(nodes.run, "kill", primary))  # type: ignore[arg-type, return-value]
    owner, name = (BatchStore, "write") if moment == "between its statements" else (Commits, "_commit")
    original: Any = getattr(owner, name)

    async def after_the_kill(self: Any, *arguments: Any, **options: Any) -> Any:
        await kill()
        return await original(self, *arguments, **options)

    monkeypatch.setattr(owner, name, after_the_kill)
    await bought_by_all(scene, product)


async def test_killed_between_the_commit_and_its_answer(scene: Scene, nodes: Cluster, primary: str) -> None:
    product = await scene.product(100)
    host, _, port = (await scene.mongo.client.admin.command("hello"))["primary"].partition(":")
    async with proxied(host, int(port)) as proxy:

        async def elect_another() -> None:
            await asyncio.to_thread(nodes.run, "kill", primary)
            proxy.target = await elected(scene, not_at=int(port))

        uri = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        mongo = Mongo(uri, database=scene.mongo.db.name, driver="motor")
        committer = Committer(mongo)
        scene.use(committer)
        proxy.cut, proxy.times, proxy.on_reply = "reply", 1, once(elect_another)
        await bought_by_all(scene, product)
        assert proxy.times == 0
        await committer.close()
        await mongo.close()


async def bought_by_all(scene: Scene, product: Any) -> None:
    """Asked again when it is unknown, as a client does; a checkout without a key keeps its id meanwhile."""
    wanted = [purchase_of((product, 1)) for _ in range(BUYERS)]
    answers: dict[str, Any] = {}
    until = time.monotonic() + 40
    while left := [purchase for purchase in wanted if purchase.checkout_id not in answers]:
        assert time.monotonic() < until, f"{len(left)} buyers have no answer"
        for purchase, answer in zip(left, await scene.place_all(left), strict=True):
            if not isinstance(answer, Exception):
                answers[purchase.checkout_id] = answer
    assert Counter(type(answer).__name__ for answer in answers.values()) == {"Placed": BUYERS}
    assert [await scene.place(purchase) for purchase in wanted] == [answers[p.checkout_id] for p in wanted]
    assert await scene.stock_of(product) == 100 - BUYERS
    await scene.audit_is_clean()


async def elected(scene: Scene, *, not_at: int) -> tuple[str, int]:
    """Where the new primary listens."""
    until = time.monotonic() + ELECTED_WITHIN
    while True:
        address: Any = scene.mongo.client.address
        address = await address if asyncio.iscoroutine(address) else address
        if address is not None and address[1] != not_at:
            return str(address[0]), int(address[1])
        assert time.monotonic() < until, "no new primary"
        await asyncio.sleep(0.1)
