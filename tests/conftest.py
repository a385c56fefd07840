"""One demo for most tests, started once per topology and driver; suites that break things start their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # `tests.support`, however pytest was started
pytest.register_assert_rewrite("tests.support.api", "tests.support.shop", "tests.support.clock")

from tests.support.matrix import DRIVERS, STRATEGIES, TOPOLOGIES, Setup, setups  # noqa: E402
from tests.support.nodes import heal  # noqa: E402
from tests.support.running import running  # noqa: E402
from tests.support.shop import Person, Shop  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("shardmart")
    group.addoption("--topology", default=",".join(TOPOLOGIES), help="comma-separated: " + ", ".join(TOPOLOGIES))
    group.addoption("--driver", default=",".join(DRIVERS), help="comma-separated: " + ", ".join(DRIVERS))
    group.addoption("--strategy", default=",".join(STRATEGIES), help="comma-separated: " + ", ".join(STRATEGIES))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "first_driver: runs on one driver only (contract tests run on all)")
    config.addinivalue_line("markers", "strategies(others): by which checkout strategies (tests/support/matrix.py)")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "setup" not in metafunc.fixturenames:
        return
    topologies = tuple(metafunc.config.getoption("--topology").split(","))
    if "sharded" in metafunc.definition.path.parts:
        topologies = ("sharded",)  # what only a sharded cluster can do
    drivers = tuple(metafunc.config.getoption("--driver").split(","))
    every_driver = "contract" in metafunc.definition.path.parts
    if not every_driver or metafunc.definition.get_closest_marker("first_driver"):
        drivers = drivers[:1]
    strategies = tuple(metafunc.config.getoption("--strategy").split(","))
    mark = metafunc.definition.get_closest_marker("strategies")
    others = mark.args[0] if mark else None
    chosen = list(setups(topologies, drivers, strategies, others))
    metafunc.parametrize("setup", chosen, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n 2 --dist loadgroup` every demo or cluster stays on one worker, and is started once."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "setup" not in fixtures:
            suite = item.path.relative_to(ROOT / "tests").parts[0]
            if suite != "unit":
                item.add_marker(pytest.mark.xdist_group(suite))
            continue
        setup = item.callspec.params["setup"]  # type: ignore[attr-defined]
        shared = next((name for name in ("fault_shop", "keyed_shop", "shop") if name in fixtures), item.path.stem)
        item.add_marker(pytest.mark.xdist_group(f"{shared}-{setup}"))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Demos and clusters end with the last test that shares them, not with the session: idle ones cost the others."""
    if nextitem is None or _group(item) == _group(nextitem):
        return
    for definitions in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
        for definition in definitions:
            if definition.scope == "session" and definition.func.__module__.startswith("tests."):
                definition.finish(item._request)  # type: ignore[attr-defined]


def _group(item: pytest.Item) -> object:
    mark = item.get_closest_marker("xdist_group")
    return mark.args if mark else None


@pytest.fixture(scope="session")
def setup(request: pytest.FixtureRequest) -> Setup:
    chosen: Setup = request.param
    return chosen


@pytest.fixture(scope="session")
def shop(setup: Setup) -> Iterator[Shop]:
    """The shared shop: two workers, limits off. Nobody kills anything in it."""
    with running(setup) as started:
        yield started


@pytest.fixture(scope="session")
def fault_shop(setup: Setup) -> Iterator[Shop]:
    """A shop to break, three members in every set; `broken` hands it out whole and mends it afterwards."""
    with running(setup, nodes=3) as started:
        yield started


@pytest.fixture
def broken(fault_shop: Shop) -> Iterator[Shop]:
    fault_shop.admin(fresh=True)
    yield fault_shop
    heal(fault_shop)


@pytest.fixture
def buyer(shop: Shop) -> Person:
    return shop.buyer()


@pytest.fixture
def seller(shop: Shop) -> Person:
    return shop.seller()


@pytest.fixture
def admin(shop: Shop) -> Person:
    return shop.admin()
