"""What runs before the database: does the processor suit, and secrets made once."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.compose.parts import COMPOSE, run

HOSTS = {"MONGO_HOSTS": "a:1,b:2", "MONGO_OPTIONS": "replicaSet=rs0&authSource=admin"}


def make(folder: Path) -> str:
    me = f"{os.getuid()}:{os.getgid()}"
    return run("bash", COMPOSE / "secrets.sh", SECRETS=str(folder), DATABASE_USER=me, SHOP_USER=me, **HOSTS)


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_secrets_are_made_once_and_the_admins_password_is_shown_once(tmp_path: Path) -> None:
    said = make(tmp_path)
    made = files(tmp_path)
    assert set(made) == {
        "nodes/keyfile", "database/admin_password", "database/owner_password", "database/app_password",
        "owner/mongo_uri", "shop/mongo_uri", "shop/secret_key", "shop/admin_password",
    }  # fmt: skip
    assert f"admin@example.com, password {made['shop/admin_password'].strip()}" in said
    assert made["database/app_password"].strip() in made["shop/mongo_uri"]
    assert made["shop/mongo_uri"].endswith("@a:1,b:2/?replicaSet=rs0&authSource=admin\n")
    assert made["database/owner_password"].strip() in made["owner/mongo_uri"]
    assert len(made["shop/secret_key"].strip()) == 64
    assert len({made[name] for name in made}) == len(made)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()} == {0o400}

    assert make(tmp_path) == ""
    assert files(tmp_path) == made


def test_what_a_killed_run_left_out_is_made_by_the_next_and_nothing_else_changes(tmp_path: Path) -> None:
    make(tmp_path)
    before = files(tmp_path)
    (tmp_path / "database" / "app_password").unlink()
    assert make(tmp_path) == ""
    after = files(tmp_path)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"database/app_password", "shop/mongo_uri"}


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "fits"),
    [
        ("x86_64", "flags : fpu sse2 avx avx2", True),
        ("x86_64", "flags : fpu sse2 avx512f", False),
        ("aarch64", "Features : fp asimd atomics", True),
        ("aarch64", "Features : fp asimd crc32", False),
        ("riscv64", "isa : rv64gc", True),
    ],
)
def test_a_processor_that_is_too_old_is_named(tmp_path: Path, machine: str, cpuinfo: str, fits: bool) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    done = subprocess.run(
        ["bash", str(COMPOSE / "preflight.sh")],
        env={"MACHINE": machine, "CPUINFO": str(tmp_path / "cpuinfo"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if fits else 1)
    assert (done.stderr == "") == fits
    assert fits or ("AVX" if machine == "x86_64" else "ARMv8.2-A") in done.stderr
