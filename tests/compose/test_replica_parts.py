"""The parts of docker-compose.replica.yml for real: three nodes with its configuration and key file, its init script
run by mongosh, the shop as its least-privileged user, a backup and its restoration."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo.errors import OperationFailure

from tests.compose.parts import (
    COMPOSE,
    Mongod,
    Program,
    binaries,
    connected,
    free_port,
    mongosh,
    run,
    serving,
    shardmart,
    short_home,
)
from tests.compose.smoke import shop_at, smoke, states

ADMIN = "admin@example.com"
UNAUTHORIZED = 13


@dataclass
class Deployment:
    home: Path
    nodes: list[Mongod]

    @property
    def hosts(self) -> str:
        return ",".join(node.host for node in self.nodes)

    def secret(self, name: str) -> str:
        return (self.home / "secrets" / name).read_text().strip()

    def uri(self, user: str, password: str) -> str:
        return f"mongodb://{user}:{self.secret(f'database/{password}_password')}@{self.hosts}/?replicaSet=rs0"

    def init(self, nodes: list[Mongod] | None = None) -> str:
        nodes = nodes or self.nodes
        return mongosh(
            "set.js",
            SET="rs0",
            HOSTS=",".join(node.host for node in nodes),
            LOCAL=nodes[0].host,
            PASSWORDS=str(self.home / "secrets" / "database"),
            SHOP="1",
            HOME=str(self.home),
        )

    def as_owner(self) -> dict[str, str]:
        return self._shop("owner")

    def as_app(self) -> dict[str, str]:
        return {**self._shop("shop"), "SHARDMART_CHECKOUT": "group"}

    def _shop(self, folder: str) -> dict[str, str]:
        return {
            "SHARDMART_MONGO_URI_FILE": str(self.home / "secrets" / folder / "mongo_uri"),
            "SHARDMART_SECRET_KEY_FILE": str(self.home / "secrets" / "shop" / "secret_key"),
        }


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    home = short_home()
    keyfile = home / "secrets" / "nodes" / "keyfile"
    nodes = []
    for number in range(3):
        (home / f"rs0-{number}").mkdir()
        nodes.append(Mongod("data", home / f"rs0-{number}", keyfile=keyfile))
    made = Deployment(home, nodes)
    me = f"{os.getuid()}:{os.getgid()}"
    places = {"SECRETS": str(home / "secrets"), "DATABASE_USER": me, "SHOP_USER": me}
    options = "replicaSet=rs0&authSource=admin"
    run("bash", COMPOSE / "secrets.sh", MONGO_HOSTS=made.hosts, MONGO_OPTIONS=options, **places)
    try:
        for node in nodes:
            node.start()
        assert made.init() == "rs0: 3 members, users\n"
        shardmart("prepare", **made.as_owner())
        yield made
    finally:
        for node in nodes:
            node.kill()
        shutil.rmtree(home, ignore_errors=True)


def seen(deployment: Deployment) -> dict[str, Any]:
    """What an init script could change."""
    with connected(deployment.uri("admin", "admin")) as client:
        config = client.admin.command("replSetGetConfig")["config"]
        users = client.admin.command("usersInfo", 1)["users"]
        for user in users:
            user["roles"] = sorted(map(repr, user["roles"]))
        roles = client.admin.command("rolesInfo", 1, showPrivileges=True)["roles"]
        return {"config": config, "users": sorted(map(repr, users)), "roles": sorted(map(repr, roles))}


def test_the_init_script_run_again_changes_nothing(deployment: Deployment) -> None:
    before = seen(deployment)
    assert len(before["config"]["members"]) == 3
    assert len(before["users"]) == 3
    assert deployment.init() == "rs0: 3 members, users\n"
    assert seen(deployment) == before


def test_nobody_gets_in_without_a_user(deployment: Deployment) -> None:
    with connected(f"mongodb://{deployment.hosts}/?replicaSet=rs0") as client, pytest.raises(OperationFailure) as no:
        client["shardmart"]["users"].find_one()
    assert no.value.code == UNAUTHORIZED


def test_every_node_ends_an_abandoned_transaction_soon_and_keeps_its_cache_small(deployment: Deployment) -> None:
    for node in deployment.nodes:
        direct = f"mongodb://admin:{deployment.secret('database/admin_password')}@{node.host}/?directConnection=true"
        with connected(direct) as client:
            told = client.admin.command("getParameter", 1, transactionLifetimeLimitSeconds=1)
            assert told["transactionLifetimeLimitSeconds"] == 5
            cache = client.admin.command("serverStatus")["wiredTiger"]["cache"]["maximum bytes configured"]
            assert cache == 256 * 1024 * 1024


def test_the_shop_does_all_it_has_to_as_its_own_user(deployment: Deployment) -> None:
    password = deployment.home / "secrets" / "shop" / "admin_password"
    arguments = ("create-admin", "--email", ADMIN, "--password-file", str(password))
    assert f"admin {ADMIN} created" in shardmart(*arguments, **deployment.as_owner())
    assert f"admin {ADMIN} is there already" in shardmart(*arguments, **deployment.as_owner())
    with serving(deployment.home, **deployment.as_app()) as url:
        shop = shop_at(url)
        smoke(shop, admin_email=ADMIN, admin_password=password.read_text().strip())
        assert states(shop, ADMIN, password.read_text().strip()) == ["PRIMARY", "SECONDARY", "SECONDARY"]
        shop.close()
    assert "Unauthorized" not in (deployment.home / "shop.log").read_text()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda client: client.drop_database("shardmart"),
        lambda client: client["shardmart"]["users"].drop(),
        lambda client: client["other"]["things"].insert_one({}),
        lambda client: client.admin.command("createUser", "eve", pwd="eve", roles=["root"]),
        lambda client: client.admin.command("replSetStepDown", 1),
        lambda client: client.admin.command("shutdown"),
        lambda client: client["shardmart"].command("collMod", "products", validator={}),
    ],
    ids=["drop-database", "drop", "other-database", "create-user", "step-down", "shutdown", "validator"],
)
def test_the_shops_user_may_do_no_more_than_the_shop(deployment: Deployment, attempt: Any) -> None:
    with connected(deployment.uri("shardmart-app", "app")) as client, pytest.raises(OperationFailure) as no:
        attempt(client)
    assert no.value.code == UNAUTHORIZED


def documents(client: Any) -> dict[str, int]:
    shop = client["shardmart"]
    return {name: shop[name].count_documents({}) for name in sorted(shop.list_collection_names())}


def test_a_copy_of_a_locked_secondary_is_a_backup_that_can_be_restored(deployment: Deployment) -> None:
    """docs/deployment.md, step by step: lock, copy, unlock; forget the old set, start, run the init script."""
    with connected(deployment.uri("admin", "admin")) as client:
        before = documents(client)
        secondary = next(node for node in deployment.nodes if node.host != "{}:{}".format(*client.primary))
    password = deployment.secret("database/admin_password")
    with connected(f"mongodb://admin:{password}@{secondary.host}/?directConnection=true") as client:
        client.admin.command("fsync", lock=True)
        try:
            copy = deployment.home / "restored" / "db"
            shutil.copytree(secondary.data, copy, ignore=shutil.ignore_patterns("mongod.lock"))
        finally:
            client.admin.command("fsyncUnlock")

    port = free_port()
    alone = [
        binaries.find_mongod(),
        "--dbpath",
        copy,
        "--port",
        str(port),
        "--bind_ip",
        "127.0.0.1",
        "--nounixsocket",
    ]
    for parameter in ("disableLogicalSessionCacheRefresh=true", "shutdownTimeoutMillisForSignaledShutdown=100"):
        alone += ["--setParameter", parameter]
    outside = Program(alone, deployment.home / "restored" / "alone.log").start(port)
    with connected(f"mongodb://127.0.0.1:{port}/?directConnection=true") as client:
        client.drop_database("local")
    outside.stop()

    keyfile = deployment.home / "secrets" / "nodes" / "keyfile"
    node = Mongod("data", deployment.home / "restored", keyfile=keyfile, data=copy).start()
    try:
        assert deployment.init([node]) == "rs0: 1 members, users\n"
        uri = f"mongodb://shardmart-app:{deployment.secret('database/app_password')}@{node.host}/?replicaSet=rs0"
        with connected(uri) as client:
            assert documents(client) == before
        assert "consistent" in shardmart("audit", SHARDMART_MONGO_URI=f"{uri}&authSource=admin")
    finally:
        node.kill()
