"""Settings are validated at the start: a wrong one stops the server with one clear line (contract §1)."""

from __future__ import annotations

import secrets

import pytest

from tests.support.demo import free_port
from tests.support.shop import Shop

pytestmark = pytest.mark.first_driver

KEY = {"SHARDMART_SECRET_KEY": secrets.token_hex(32)}
WRONG = {
    "SHARDMART_BCRYPT_ROUNDS": ["many", "9", "4", "-1", "99"],
    "SHARDMART_CHECKOUT": ["fastest", "naive"],
    "SHARDMART_MONGO_DRIVER": ["pymysql"],
    "SHARDMART_CATALOGUE_READS": ["nearest-ish"],
    "SHARDMART_LIMITS": ["off", "perhaps"],
    "SHARDMART_MONGO_URI": [
        "http://example.com",
        "nonsense",
        "",
        "mongodb://127.0.0.1:99999",
        "mongodb://a:b:c",
        "mongodb://a/?nonsense=1",
    ],
    "SHARDMART_HOST": ["nowhere.invalid", "192.0.2.1"],
    "SHARDMART_SECRET_KEY": ["short", ""],
    "SHARDMART_TRUSTED_PROXIES": ["not-an-address"],
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_wrong_setting_stops_the_start_with_one_clear_line(shop: Shop, name: str, value: str) -> None:
    settings = KEY | {"SHARDMART_PORT": str(free_port())} | {name: value}
    done = shop.demo.shardmart("serve", timeout=30, **settings)
    assert done.returncode not in (0, None)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert name in lines[0], lines[0]
    assert value not in lines[0] or name != "SHARDMART_SECRET_KEY" or not value, "a key belongs in no log"


def test_a_taken_port_stops_the_start_with_one_clear_line(shop: Shop) -> None:
    done = shop.demo.shardmart("serve", timeout=30, **KEY, SHARDMART_PORT=str(shop.demo.port))
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert "SHARDMART_PORT" in lines[0] and str(shop.demo.port) in lines[0], lines[0]


def test_a_signing_key_is_required_outside_the_demo(shop: Shop) -> None:
    done = shop.demo.shardmart("serve", timeout=30, SHARDMART_PORT=str(free_port()))
    assert done.returncode not in (0, None)
    assert "SHARDMART_SECRET_KEY" in done.stderr


def test_demo_accounts_are_seeded_under_the_demo_only(shop: Shop) -> None:
    done = shop.demo.shardmart("seed", **KEY)
    assert done.returncode != 0
    assert "SHARDMART_DEMO" in done.stderr + done.stdout
