"""The feed on a real change stream, with both drivers: what it hears, where it goes on, what it says is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from typing import Any

from shardmart.adapters.mongo.changes import MongoChanges
from shardmart.domain import clock
from shardmart.domain.changes import Heard, Interrupted, Missed, Noticed, Position, ProductChanged, SessionEnded
from shardmart.domain.listings import ProductChanges
from shardmart.domain.notices import Kind
from tests.integration.lab import Lab
from tests.unit.builders import a_session

UUID_BEGINS = "5A1004"  # in a resume token: binary, sixteen bytes, a UUID


async def take(feed: AsyncIterator[Heard], kind: Any) -> Heard:
    """The next change of that kind, or of those kinds."""
    for _ in range(400):  # quiet looks count too: 20 s
        heard = await asyncio.wait_for(anext(feed), 20)
        if isinstance(heard.change, kind):
            return heard
    raise AssertionError(f"{kind} was not heard")


async def test_every_change_is_heard_in_order_with_the_time_of_its_commit(lab: Lab) -> None:
    async with aclosing(MongoChanges(lab.mongo, look_seconds=0.05).follow()) as feed:
        opening, idle = await anext(feed), await anext(feed)
        assert opening == Heard(opening.position, None)
        assert idle.change is None and idle.asked_at is not None
        product = await lab.offer(stock=10)
        first = await take(feed, ProductChanged)
        assert first.change == ProductChanged(product.id, product)
        changes = ProductChanges(price=Decimal("3.50"), stock=1)
        await lab.products.change(
            seller_id=product.seller_id, id=product.id, changes=changes, expected_version=None, at=clock.now()
        )
        told: dict[type, Heard] = {}  # in the order of the transaction's writes, which is the strategy's own
        while len(told) < 2:
            heard = await take(feed, (ProductChanged, Noticed))
            told[type(heard.change)] = heard
        second, notice = told[ProductChanged], told[Noticed].change
        assert isinstance(notice, Noticed) and notice.notice.kind is Kind.LOW_STOCK
        assert isinstance(second.change, ProductChanged) and second.change.product is not None
        assert (second.change.product.stock, second.change.product.version) == (1, 2)
        assert idle.position < first.position < second.position
        assert second.committed_at is not None
        assert abs((clock.now() - second.committed_at).total_seconds()) < 20


async def test_two_feeds_name_every_event_alike(lab: Lab) -> None:
    feeds = [MongoChanges(lab.mongo, look_seconds=0.05).follow() for _ in range(2)]
    try:
        for feed in feeds:
            await anext(feed)
        await lab.offer(stock=10)
        session = a_session()
        await lab.shop.sessions.start(session)
        await lab.shop.sessions.end(session.id)
        for kind in (ProductChanged, SessionEnded):
            one, other = [await take(feed, kind) for feed in feeds]
            assert (one.position, one.change) == (other.position, other.change)
    finally:
        for feed in feeds:
            await feed.aclose()


async def test_a_batch_tells_a_products_last_state_and_names_all_else_as_if_read_one_by_one(lab: Lab) -> None:
    singly = MongoChanges(lab.mongo, look_seconds=0.05).follow()
    at_once = MongoChanges(lab.mongo, look_seconds=0.05).follow()
    async with aclosing(singly), aclosing(at_once):
        for feed in (singly, at_once):
            await anext(feed)
        product, each = await lab.offer(stock=10), []
        each.append(await take(singly, ProductChanged))
        for stock in (20, 30, 40):
            await lab.products.change(
                seller_id=product.seller_id,
                id=product.id,
                changes=ProductChanges(stock=stock),
                expected_version=None,
                at=clock.now(),
            )
            each.append(await take(singly, ProductChanged))
        session = a_session()
        await lab.shop.sessions.start(session)
        await lab.shop.sessions.end(session.id)
        each.append(await take(singly, SessionEnded))
        told = [await take(at_once, kind) for kind in (ProductChanged, ProductChanged, SessionEnded)]
        assert told == [each[0], each[3], each[4]]


async def test_a_feed_begins_at_a_given_moment_and_names_every_event_as_the_others_did(lab: Lab) -> None:
    async with aclosing(MongoChanges(lab.mongo, look_seconds=0.05).follow()) as feed:
        await anext(feed)
        for stock in (10, 11, 12):
            await lab.offer(stock=stock)
        heard = [await take(feed, ProductChanged) for _ in range(3)]
    since = Position(heard[1].position.time, 0)
    changes = MongoChanges(lab.mongo, look_seconds=0.05)
    for _ in range(2):  # a feed that was heard already begins there too, when it begins anew
        async with aclosing(changes.follow(anew=True, since=since)) as later:
            assert await anext(later) == Heard(since, None)
            assert [await take(later, ProductChanged) for _ in range(2)] == heard[1:]
    async with aclosing(changes.follow(anew=True)) as now:
        assert (await anext(now)).position >= heard[2].position
        product = await lab.offer(stock=1)
        assert (await take(now, ProductChanged)).change == ProductChanged(product.id, product)


async def test_a_history_that_the_database_has_forgotten_is_said_to_be_missed(lab: Lab) -> None:
    """A whole oplog forgets nothing, so the place is one that it never had: a change of another collection then."""
    changes = MongoChanges(lab.mongo, look_seconds=0.05)
    async with aclosing(changes.follow()) as feed:
        await anext(feed)
        await lab.offer(stock=1)
        await take(feed, ProductChanged)
        token = str(changes._token and changes._token["_data"])
    begin = token.index(UUID_BEGINS) + len(UUID_BEGINS)
    place = next(n for n in range(begin, begin + 32) if token[n] != "0")
    changes._token = {"_data": f"{token[:place]}0{token[place + 1 :]}"}
    async with aclosing(changes.follow()) as feed:
        await take(feed, Missed)
        product = await lab.offer(stock=10)
        assert (await take(feed, ProductChanged)).change == ProductChanged(product.id, product)


async def test_what_was_written_by_hand_in_another_form_stops_nothing(lab: Lab) -> None:
    async with aclosing(MongoChanges(lab.mongo, look_seconds=0.05).follow()) as feed:
        await anext(feed)
        await lab.db["orders"].insert_one({"_id": "x", "seller_id": "s"}, bypass_document_validation=True)
        product = await lab.offer(stock=10)
        assert (await take(feed, ProductChanged)).change == ProductChanged(product.id, product)


async def test_a_stream_that_the_driver_opened_again_by_itself_is_said_to_be_interrupted(lab: Lab) -> None:
    async with aclosing(MongoChanges(lab.mongo, look_seconds=0.05).follow()) as feed:
        await anext(feed)
        await lab.offer(stock=10)
        await take(feed, ProductChanged)
        assert await end_streams(lab) > 0
        await take(feed, Interrupted)
        product = await lab.offer(stock=10)
        assert (await take(feed, ProductChanged)).change == ProductChanged(product.id, product)


async def end_streams(lab: Lab) -> int:
    """Ends every change stream over the test's database at the server. How many there were."""
    admin: Any = lab.mongo.client.get_database("admin")
    pipeline: list[dict[str, Any]] = [
        {"$currentOp": {"idleCursors": True}},
        {"$match": {"ns": f"{lab.db.name}.$cmd.aggregate", "cursor.cursorId": {"$exists": True}}},
    ]
    ids = [op["cursor"]["cursorId"] for op in await lab.mongo.aggregate(admin, pipeline)]
    await lab.db.command({"killCursors": "$cmd.aggregate", "cursors": ids})
    return len(ids)


async def test_only_what_decides_about_lists_moves(lab: Lab) -> None:
    async with aclosing(MongoChanges(lab.mongo, look_seconds=0.05).follow()) as feed:
        await anext(feed)
        product = await lab.offer(stock=10)
        moves = [(await take(feed, ProductChanged)).change]
        for changes in (ProductChanges(stock=3), ProductChanges(description="new"), ProductChanges(price=Decimal(3))):
            await lab.products.change(
                seller_id=product.seller_id, id=product.id, changes=changes, expected_version=None, at=clock.now()
            )
            moves.append((await take(feed, ProductChanged)).change)
        assert [isinstance(one, ProductChanged) and one.moves for one in moves] == [True, False, False, True]
