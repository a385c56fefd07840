from __future__ import annotations

import asyncio
import gc
import itertools
from typing import Any

import pytest

from shardmart import seed as seeding
from shardmart.domain.accounts import Role
from shardmart.domain.errors import InvalidCredentials, NotFound, NotManaged
from shardmart.seed import DEMO_PASSWORD, seed
from shardmart.service import accounts
from tests.integration.lab import DRIVERS, Cluster, Lab, line
from tests.unit.builders import a_purchase

EXPLAINED = {
    *("product_by_id", "take_stock", "product_listing", "text_search", "seller_products"),
    *("order_by_id", "seller_orders", "buyer_orders", "inventory_logs_of_product", "seller_stats"),
}


async def sow(lab: Lab) -> dict[str, int]:
    return await seed(lab.mongo, lab.shop.passwords, sellers=3, products=600, buyers=2)


async def everything(lab: Lab) -> dict[str, list[dict[str, Any]]]:
    names = ("users", "products", "inventory_logs")
    found = {name: await lab.db[name].find({}).sort("_id", 1).to_list(None) for name in names}
    return {name: [{k: v for k, v in d.items() if k != "password_hash"} for d in found[name]] for name in names}


async def test_the_seed_makes_what_it_says_and_the_audit_agrees(lab: Lab) -> None:
    assert await sow(lab) == {"users": 6, "products": 600}
    assert await lab.db["users"].count_documents({}) == 6
    assert await lab.products.count() == {"active": 600, "disabled": 0}
    logs = [d async for d in lab.db["inventory_logs"].find({})]
    stocks = {d["_id"]: d["stock"] async for d in lab.db["products"].find({})}
    assert all((d["old_stock"], d["new_stock"], d["version"]) == (0, stocks[d["product_id"]], 1) for d in logs)
    assert len(logs) == 600
    assert await lab.clean()


async def test_the_seed_may_run_again_also_at_once_and_after_sales(lab: Lab) -> None:
    await asyncio.gather(sow(lab), sow(lab))
    first = await everything(lab)
    await sow(lab)
    assert await everything(lab) == first
    product = await lab.products.get(seller_id=first["products"][0]["seller_id"], id=first["products"][0]["_id"])
    assert product is not None
    await lab.buy(a_purchase(line(product, 2)))
    await sow(lab)
    assert await lab.stock(product) == product.stock - 2
    assert await lab.clean()


@pytest.mark.parametrize("after", [1, 2, 3, 5])
async def test_a_seed_that_was_interrupted_is_finished_by_the_next(
    one_lab: Lab, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, batches = seeding._insert, itertools.count()

    async def breaking(*arguments: Any) -> None:
        if next(batches) == after:
            raise KeyboardInterrupt
        await real(*arguments)

    monkeypatch.setattr(seeding, "_insert", breaking)
    with pytest.raises(KeyboardInterrupt):
        await sow(one_lab)
    monkeypatch.setattr(seeding, "_insert", real)
    await sow(one_lab)
    assert await one_lab.products.count() == {"active": 600, "disabled": 0}
    assert await one_lab.clean()


async def test_the_demo_accounts_sign_in(lab: Lab) -> None:
    await sow(lab)
    for name in ("buyer", "seller", "admin"):
        email = f"{name}@demo.com"
        signed_in = await accounts.login(lab.shop, email=email, password=DEMO_PASSWORD, address="127.0.0.1")
        assert signed_in.user.role is Role(name)
        assert (await accounts.authenticate(lab.shop, signed_in.access_token)).id == signed_in.user.id
        with pytest.raises(InvalidCredentials):
            await accounts.login(lab.shop, email=email, password="demo124", address="127.0.0.1")


# ---- lab


async def test_every_shape_is_explained_with_and_without_data(lab: Lab) -> None:
    names = [shape.name for shape in lab.shop.topology.shapes()]
    assert set(names) >= EXPLAINED
    assert len(set(names)) == len(names)
    for filled in (False, True):
        if filled:
            product = await lab.offer(stock=5)
            await lab.buy(a_purchase(line(product)))
        for name in names:
            explained = await lab.shop.topology.explain(name)
            assert (explained.targeted, explained.shards_touched) == (True, 1), name
            assert explained.name == name
            assert explained.raw
            # an index, or the _id of a single document, which the server does not name
            by_id = "IDHACK" in str(explained.raw)
            assert explained.index or by_id, name
            if filled and name in ("product_by_id", "order_by_id", "outcome_of_checkout", "product_listing"):
                assert (explained.returned, explained.documents_examined) == (1, 1), name


async def test_an_unknown_shape_is_not_found(lab: Lab) -> None:
    with pytest.raises(NotFound):
        await lab.shop.topology.explain("everything")


async def test_nodes_that_nobody_manages_cannot_be_steered(lab: Lab) -> None:
    with pytest.raises(NotManaged):
        await lab.shop.nodes.act("rs0-1", "kill")


async def test_the_topology_shows_three_members_and_one_primary(lab: Lab) -> None:
    topology = await lab.shop.topology.describe()
    assert (topology["kind"], len(topology["members"])) == ("replica", 3)
    assert sorted(member.state for member in topology["members"]) == ["PRIMARY", "SECONDARY", "SECONDARY"]
    assert all(member.lag_seconds is not None and member.lag_seconds >= 0 for member in topology["members"])


# PyMongo leaves the socket of an attempt to connect to the garbage collector when the attempt is given up
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_member_that_is_down_or_hangs_is_shown_as_down(
    cluster: Cluster, labs: dict[str, Lab], driver: str
) -> None:
    lab = labs[driver]
    await lab.empty()
    for how in ("kill", "pause"):
        node = (await asyncio.to_thread(cluster.named, "SECONDARY"))[0]
        host = (await asyncio.to_thread(cluster.nodes))[node]["host"]
        await asyncio.to_thread(cluster.run, how, node)
        try:
            started = asyncio.get_running_loop().time()
            topology = await lab.shop.topology.describe()
            assert asyncio.get_running_loop().time() - started < 5
            states = {member.host: member.state for member in topology["members"]}
            assert states.pop(host) == "DOWN"
            assert sorted(states.values()) == ["PRIMARY", "SECONDARY"]
        finally:
            await asyncio.to_thread(cluster.heal)
    gc.collect()
