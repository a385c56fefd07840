"""The one place where adapters are chosen and wired. Tests override any part by name."""

from __future__ import annotations

import asyncio
import logging
import socket
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pymongo.errors import ConfigurationError
from sanic import Sanic

from shardmart import __version__, realtime
from shardmart.adapters.marked import MarkedCheckout, MarkedClaiming, MarkedOrders, MarkedOutcomes
from shardmart.adapters.marks import SharedMarks
from shardmart.adapters.mongo import failures
from shardmart.adapters.mongo.accounts import MongoAccounts, MongoLimits, MongoSessions
from shardmart.adapters.mongo.app_nodes import MongoAppNodes
from shardmart.adapters.mongo.audit import MongoAuditor
from shardmart.adapters.mongo.carts import MongoCarts
from shardmart.adapters.mongo.changes import MongoChanges
from shardmart.adapters.mongo.checkout_naive import NaiveCheckout
from shardmart.adapters.mongo.checkout_transaction import TransactionCheckout
from shardmart.adapters.mongo.checkouts import MongoClaims, MongoOutcomes
from shardmart.adapters.mongo.client import WRITE_CONCERNS, Mongo
from shardmart.adapters.mongo.frontier import ReplicaFrontier, ShardedFrontier
from shardmart.adapters.mongo.group import lock as locks
from shardmart.adapters.mongo.group.committer import Committer
from shardmart.adapters.mongo.group.face import GroupCheckout, GroupOrders, GroupProducts
from shardmart.adapters.mongo.group.seat import Seat
from shardmart.adapters.mongo.group.shards import ShardLanes
from shardmart.adapters.mongo.load_runs import MongoLoadRuns
from shardmart.adapters.mongo.notices import MongoNotices
from shardmart.adapters.mongo.orders import MongoOrders
from shardmart.adapters.mongo.photos import MongoPhotos
from shardmart.adapters.mongo.probe import MongoProbe
from shardmart.adapters.mongo.products import CommittedProducts, MongoProducts
from shardmart.adapters.mongo.replica import ReplicaTopology
from shardmart.adapters.mongo.reservation.parts import ReservationParts
from shardmart.adapters.mongo.schema import ensure_schema
from shardmart.adapters.mongo.sharded import ShardedTopology
from shardmart.adapters.mongo.statistics import MongoStatistics
from shardmart.adapters.mongo.transactions import Transactions
from shardmart.adapters.node_control import ClusterNodes
from shardmart.adapters.passwords import BcryptPasswords
from shardmart.adapters.pictures import PillowPictures
from shardmart.adapters.tokens import JwtTokens
from shardmart.cache.catalogue import CatalogueCache
from shardmart.domain import ports
from shardmart.domain.cache_ports import Frontiers
from shardmart.domain.errors import Unavailable
from shardmart.domain.reports import AppNode
from shardmart.service.app_nodes import beat_forever
from shardmart.service.live_sessions import LiveSessions
from shardmart.service.load import LabLoad
from shardmart.service.shop import Rules, Shop
from shardmart.service.sweeper import recover_forever, sweep_forever, sweep_photos_forever
from shardmart.settings import FIND_OUT, Settings, WrongSetting, load
from shardmart.web import app as web

TOPOLOGIES: Mapping[str, Callable[[Mongo, ClusterNodes], ports.Topology]] = {
    "replica": ReplicaTopology,
    "sharded": ShardedTopology,
}
# The driver refuses less than 90 s; members that lag further are not read from.
STALENESS_SECONDS = 90
GROUPED = ("auto", "group")
EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
LOOK_SECONDS, LOOK_SECONDS_FOR_CACHE = 0.5, 0.1  # how often a quiet change stream tells how far it is
log = logging.getLogger("shardmart.bootstrap")


@dataclass
class Running:
    """A shop with what has to be closed when it ends."""

    shop: Shop
    mongo: Mongo
    nodes: ClusterNodes
    committer: Seat | None = None  # strategy `group` and `auto`
    cache: CatalogueCache | None = None
    background: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        """Starts what a serving shop does besides answering."""
        if self.committer is not None:
            self.committer.start()
        sweepers = (sweep_forever, recover_forever, sweep_photos_forever)
        self.background += [asyncio.create_task(work(self.shop)) for work in (*sweepers, beat_forever)]
        if self.cache is not None:
            self.background.append(asyncio.create_task(self.cache.watch()))

    async def close(self) -> None:
        for task in self.background:
            task.cancel()
        await self.shop.load.close()
        await asyncio.gather(*self.background, return_exceptions=True)
        if self.cache is not None:
            await self.cache.close()
        if self.committer is not None:
            await self.committer.close()
        await self.nodes.close()
        await self.mongo.close()


def is_away(error: Exception) -> bool:
    """Whether the database cannot answer at the moment, as a driver or a repository says it."""
    return isinstance(error, Unavailable) or failures.is_away(error)


def open_mongo(settings: Settings) -> Mongo:
    """Raises WrongSetting for a connection string that the driver does not understand."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # of an unknown option the driver only warns
            return Mongo(
                settings.mongo_uri,
                database=settings.mongo_database,
                driver=settings.mongo_driver,
                write_concern=WRITE_CONCERNS[settings.write_concern],
            )
    except (ValueError, ConfigurationError, UserWarning) as error:
        raise WrongSetting(f"SHARDMART_MONGO_URI cannot be used: {error}") from None


def build(settings: Settings, *, mongo: Mongo | None = None, **parts: Any) -> Running:
    """The shop on MongoDB. Must run in the event loop that will use it. `parts` replace fields of `Shop`."""
    mongo = mongo or open_mongo(settings)
    nodes = ClusterNodes(settings.control_url, settings.control_token)
    transactions = Transactions(mongo)
    sessions, outcomes = MongoSessions(mongo), MongoOutcomes(mongo)
    reservation = ReservationParts(mongo)
    marks = _marks(settings)
    from_secondaries = settings.catalogue_reads == "secondaryPreferred"
    wired: dict[str, Any] = {
        "rules": _rules(settings, from_secondaries),
        "accounts": MongoAccounts(mongo, transactions),
        "sessions": sessions,
        "live_sessions": LiveSessions(sessions),
        "limits": MongoLimits(mongo),
        "passwords": BcryptPasswords(settings.bcrypt_rounds),
        "tokens": JwtTokens(settings.secret_key, access_seconds=settings.access_seconds),
        "pictures": PillowPictures(),
        "photos": MongoPhotos(mongo),
        "carts": MongoCarts(mongo),
        "claims": MongoClaims(mongo),
        "outcomes": outcomes,
        "notices": MongoNotices(mongo),
        "changes": MongoChanges(mongo, look_seconds=LOOK_SECONDS if marks is None else LOOK_SECONDS_FOR_CACHE),
        "recovery": reservation.recovery,
        "statistics": MongoStatistics(mongo),
        "topology": TOPOLOGIES[settings.topology](mongo, nodes),
        "app_nodes": _app_nodes(settings, mongo),
        "nodes": nodes,
        "auditor": MongoAuditor(
            mongo,
            transactions,
            seconds=settings.request_seconds - 1,
            recovery_seconds=settings.recovery_seconds,
        ),
        "probe": MongoProbe(mongo),
    }
    committer = _seat(settings, mongo) if settings.checkout in GROUPED else None
    if committer is not None:
        group = GroupCheckout(committer)
        wired |= {
            "committer": committer,
            "checkout": group,
            # a key belongs to the buyer: on a sharded cluster its claim lies on another shard than most outcomes
            "claiming": group if settings.topology == "replica" else None,
            "orders": GroupOrders(mongo, transactions, committer),
            "products": GroupProducts(mongo, transactions, committer, secondary_reads=from_secondaries, marks=marks),
        }
    else:
        wired |= {
            "checkout": reservation.checkout
            if settings.checkout == "reservation"
            else _alone(settings.checkout, mongo, transactions, outcomes),
            "orders": MongoOrders(mongo, transactions),
            "products": MongoProducts(mongo, transactions, secondary_reads=from_secondaries, marks=marks),
        }
    strategies: dict[str, ports.Checkout] = {
        "transaction": TransactionCheckout(mongo, transactions, outcomes),
        "reservation": reservation.checkout,
        settings.checkout: wired["checkout"],
    }
    if settings.lab:
        strategies["naive"] = NaiveCheckout(mongo)
    if committer is not None:
        strategies["group"] = wired["checkout"]
    cache = None
    if marks is not None:
        strategies = {
            name: MarkedCheckout(strategy, marks, rejections=name == "reservation")
            for name, strategy in strategies.items()
        }
        cache = _cache(settings, mongo, marks)
        wired |= {
            "cache": cache,
            "checkout": strategies[settings.checkout],
            "claiming": wired.get("claiming") and MarkedClaiming(wired["claiming"], marks),
            "orders": MarkedOrders(wired["orders"], marks),
            "outcomes": MarkedOutcomes(outcomes, marks),
        }
    wired["load"] = LabLoad(MongoLoadRuns(mongo), strategies, own=settings.checkout)
    return Running(Shop(**{**wired, **parts}), mongo, nodes, committer, cache)


def create_app() -> Sanic[Any, Any]:
    """The web app of a worker, from the environment: workers are processes of their own and make theirs with this."""
    settings = load()
    app = web.create_app(_open_shop, settings)
    realtime.attach(app, settings)
    return app


async def prepare(running: Running) -> None:
    """Collections, validators, indexes and, on a sharded cluster, their distribution. Safe to repeat."""
    await ensure_schema(running.mongo)
    await running.shop.topology.prepare()


async def with_topology(settings: Settings) -> Settings:
    """`settings` with what the connection string leads to, unless they say it: a mongos or a replica set."""
    if settings.topology != FIND_OUT:
        return settings
    mongo = open_mongo(settings)
    try:
        hello = await mongo.client.get_database("admin").command("hello")
    finally:
        await mongo.close()
    return replace(settings, topology="sharded" if hello.get("msg") == "isdbgrid" else "replica")


async def _open_shop(settings: Settings) -> Running:
    running = build(await with_topology(settings))
    running.start()
    return running


def _app_nodes(settings: Settings, mongo: Mongo) -> MongoAppNodes:
    """A node that listens on every address is named by its machine."""
    machine = socket.gethostname()
    host = machine if settings.host in EVERY_ADDRESS else settings.host
    return MongoAppNodes(mongo, AppNode(f"{host}:{settings.port}", settings.workers, __version__), machine=machine)


def _seat(settings: Settings, mongo: Mongo) -> Seat:
    shard_lanes = ShardLanes(mongo) if settings.topology == "sharded" else None
    return Seat(mongo, settings.runtime_dir, committer=Committer(mongo, shard_lanes=shard_lanes))


def _marks(settings: Settings) -> SharedMarks | None:
    """None: nothing is cached. Write concern 1 acknowledges what a majority, which is cached, may not have yet."""
    if not settings.catalogue_cache or settings.write_concern != "majority":
        return None
    try:
        if settings.runtime_dir is not None:
            locks.prepare(settings.runtime_dir)
        return SharedMarks(settings.runtime_dir)
    except OSError as error:
        log.error("the catalogue is not cached, for the workers cannot share marks", exc_info=error)
        return None


def _cache(settings: Settings, mongo: Mongo, marks: SharedMarks) -> CatalogueCache:
    frontiers: Frontiers = ShardedFrontier(mongo) if settings.topology == "sharded" else ReplicaFrontier(mongo)
    most_bytes = settings.catalogue_cache_mb * 1024 * 1024
    return CatalogueCache(CommittedProducts(mongo), marks, frontiers, most_bytes=most_bytes)


def _alone(name: str, mongo: Mongo, transactions: Transactions, outcomes: MongoOutcomes) -> ports.Checkout:
    if name == "naive":
        return NaiveCheckout(mongo)
    return TransactionCheckout(mongo, transactions, outcomes)


def _rules(settings: Settings, from_secondaries: bool) -> Rules:
    return Rules(
        access_seconds=settings.access_seconds,
        refresh_seconds=settings.refresh_seconds,
        request_seconds=settings.request_seconds,
        recovery_seconds=settings.recovery_seconds,
        limits=settings.limits,
        staleness_seconds=Decimal(STALENESS_SECONDS) if from_secondaries else None,
    )
