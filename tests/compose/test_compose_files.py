"""Both Compose files: the Compose tool takes them, and a walk through what it makes of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loadtests.cli import _parser as load_parser
from tests.compose.parts import FILES, ROOT, compose_config

Document = dict[str, Any]
MONGO_IMAGE = "mongo:8.3.11-noble"
APPS = ("app-1", "app-2")


@pytest.fixture(scope="module", params=sorted(FILES))
def file(request: pytest.FixtureRequest) -> Document:
    return compose_config(request.param)


@pytest.fixture
def services(file: Document) -> dict[str, Document]:
    found: dict[str, Document] = file["services"]
    return found


def one_shots(services: dict[str, Document]) -> set[str]:
    return {name for name, service in services.items() if service["restart"] == "no"}


def test_every_service_has_a_health_check_or_is_waited_for_until_it_is_done(services: dict[str, Document]) -> None:
    waited = {
        needed
        for service in services.values()
        for needed, how in (service.get("depends_on") or {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    for name, service in services.items():
        if name in one_shots(services):
            assert name in waited or service.get("profiles") == ["load"], name
        else:
            assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["restart"] == "unless-stopped", name


def test_the_health_of_a_database_node_is_what_it_says_of_itself(services: dict[str, Document]) -> None:
    nodes = [
        service for service in services.values() if (service.get("entrypoint") or [""])[0] in ("mongod", "mongos")
    ]
    assert len(nodes) in (3, 11)
    assert all("isWritablePrimary" in node["healthcheck"]["test"][-1] for node in nodes)


def test_every_service_has_limits_and_no_rights_that_it_does_not_need(services: dict[str, Document]) -> None:
    for name, service in services.items():
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name == "secrets":  # it hands its files to those who read them
            assert service["cap_add"] == ["CHOWN", "DAC_OVERRIDE", "FOWNER"]
        else:
            assert "cap_add" not in service, name
            assert service.get("user") != "0:0", name


def test_only_nginx_can_be_reached_from_outside_and_by_default_from_this_machine_alone(
    services: dict[str, Document],
) -> None:
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert list(published) == ["nginx"]
    (port,) = published["nginx"]
    assert str(port).startswith("127.0.0.1:8080:8080")
    assert all(service.get("network_mode") != "host" for service in services.values())


def test_every_mounted_file_exists_and_is_mounted_read_only(file: Document) -> None:
    for name, service in file["services"].items():
        for mount in service.get("volumes", ()):
            source, _, rest = mount.partition(":")
            if not source.startswith("/"):
                assert source in file["volumes"], (name, mount)
                continue
            assert rest.endswith(":ro"), (name, mount)
            assert source.startswith(f"{ROOT}/"), (name, mount)
            assert (ROOT / source).exists(), (name, mount)


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize("what", ["metrics", "lab"])
def test_what_can_be_chosen_for_nginx_exists(what: str, state: str) -> None:
    assert (ROOT / "cluster" / "nginx" / f"{what}-{state}.conf").exists()


def test_no_secret_stands_in_clear(services: dict[str, Document]) -> None:
    """Secrets come from files in volumes; a setting that would carry one is not there at all."""
    for name, service in services.items():
        environment: Document = service.get("environment") or {}
        for variable, value in environment.items():
            if re.search(r"PASSWORD|SECRET|KEY|URI|TOKEN", variable):
                assert str(value).startswith("/secrets/"), (name, variable)
            assert not re.search(r"[0-9a-f]{16}|//[^/]*:[^/]*@", str(value)), (name, variable)


def test_whoever_reads_a_secret_gets_the_volume_with_it_and_no_other(services: dict[str, Document]) -> None:
    readers = {
        name: {m.split(":")[1].split("/")[2] for m in service.get("volumes", ()) if ":/secrets/" in m}
        for name, service in services.items()
    }
    assert readers.pop("secrets") == {"nodes", "database", "owner", "shop"}
    assert readers.pop("schema") == {"owner", "shop"}
    for name, volumes in readers.items():
        entry = (services[name].get("entrypoint") or [""])[0]
        if entry in ("mongod", "mongos"):
            assert volumes == {"nodes"}, name
        elif entry == "mongosh":
            assert volumes == {"database"}, name
        else:
            assert volumes <= {"shop"}, name


def test_demo_accounts_exist_only_when_they_are_asked_for() -> None:
    for kind in FILES:
        for wanted, told in (({}, "0"), ({"SHARDMART_DEMO": "1"}, "1")):
            services = compose_config(kind, **wanted)["services"]
            assert {str(services[name]["environment"]["SHARDMART_DEMO"]) for name in (*APPS, "schema")} == {told}


def test_nginx_alone_is_believed_about_where_clients_come_from(services: dict[str, Document]) -> None:
    nginx = services["nginx"]["networks"]["default"]["ipv4_address"]
    for name in APPS:
        assert services[name]["environment"]["SHARDMART_TRUSTED_PROXIES"] == nginx
        address = services[name]["networks"]["default"]["ipv4_address"]
        assert f"{name}:{address}" in services["nginx"]["extra_hosts"]


def test_an_app_node_has_a_place_of_its_own_for_sockets_and_locks(services: dict[str, Document]) -> None:
    for name in APPS:
        place = services[name]["environment"]["SHARDMART_RUNTIME_DIR"]
        assert any(mount.startswith(f"{place}:mode=0700,uid=10001") for mount in services[name]["tmpfs"])


def test_the_order_of_the_start_leads_from_the_preflight_to_nginx(services: dict[str, Document]) -> None:
    def before(name: str) -> set[str]:
        needed = set(services[name].get("depends_on") or {})
        return needed.union(*(before(one) for one in needed))

    everything = set(services) - {"nginx", "load"}
    assert before("nginx") == everything
    assert services["schema"]["command"][:2] == ["sh", "-ec"]
    for name, service in services.items():
        for needed, how in (service.get("depends_on") or {}).items():
            if needed in one_shots(services):
                assert how["condition"] == "service_completed_successfully", (name, needed)


def test_the_load_run_asks_for_what_there_is(file: Document) -> None:
    """Its command line, as the load tests read it."""
    asked = load_parser().parse_args(file["services"]["load"]["command"])
    assert asked.host == "http://nginx:8081"
    assert f"listen {asked.host.rpartition(':')[2]};" in (ROOT / "cluster" / "nginx" / "compose.conf").read_text()
    assert str(asked.admin_password_file) == "/secrets/shop/admin_password"
    assert str(asked.out) == "/reports"


def test_images_carry_exact_tags_and_none_a_digest(services: dict[str, Document]) -> None:
    for name, service in services.items():
        image = service["image"]
        assert re.fullmatch(r"(mongo:\d+\.\d+\.\d+-noble|shardmart-(app|web|load):\d+\.\d+\.\d+)", image), name
        if not image.startswith("mongo:"):
            assert service["build"]["target"] == image.split(":")[0].removeprefix("shardmart-")


def test_what_initiates_a_set_shares_the_first_members_network(services: dict[str, Document]) -> None:
    sets = [name for name in services if name.startswith("init-")]
    for name in sets:
        environment = services[name]["environment"]
        first = environment["HOSTS"].split(":")[0]
        assert services[name]["network_mode"] == f"service:{first}"
        assert first.startswith(environment["SET"])
        assert [one for one in services if re.fullmatch(rf"{environment['SET']}-\d", one)] == [
            host.split(":")[0] for host in environment["HOSTS"].split(",")
        ]
        assert ("SHOP" in environment) == (environment["SET"] in ("rs0", "config"))
        assert ("CONFIGSVR" in environment) == (environment["SET"] == "config")
