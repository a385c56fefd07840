"""Settings are validated at the start: a wrong one stops the server with one clear line (contract §1)."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

import pytest

from tests.support.demo import free_port
from tests.support.shop import Person, Shop, new_email

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


def create_admin(shop: Shop, email: str, password: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "password").write_text(f"{password}\n")
    return shop.demo.shardmart("create-admin", "--email", email, "--password-file", str(folder / "password"))


def test_an_admin_is_created_from_the_command_line_and_only_once(shop: Shop, tmp_path: Path) -> None:
    email, password = new_email("admin"), "seven pots of tea"
    first = create_admin(shop, email, password, tmp_path)
    assert (first.returncode, first.stderr) == (0, f"shardmart: admin {email} created\n")
    assert shop.login(email, password).user["role"] == "admin"
    again = create_admin(shop, email, "another password", tmp_path)
    assert (again.returncode, again.stderr) == (0, f"shardmart: admin {email} is there already\n")
    shop.login(email, password)  # the password is the first one


def test_an_admin_that_cannot_be_created_is_refused_with_one_line(shop: Shop, buyer: Person, tmp_path: Path) -> None:
    for email, password, reason in (
        (buyer.email, "seven pots of tea", f"{buyer.email} is the address of another account"),
        (new_email(), "short", "password: "),
        ("nobody", "seven pots of tea", "email: "),
    ):
        done = create_admin(shop, email, password, tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith(f"shardmart: {reason}"), done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert password not in done.stderr
