"""Runs of `python -m loadtests` in processes of their own: gevent stays out of pytest's."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.demo import ROOT, clean_environment
from tests.support.shop import Shop

RUN_SECONDS = 280


@dataclass(frozen=True)
class Done:
    code: int
    said: str
    out: Path

    @property
    def report(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads((self.out / "report.json").read_text())
        return made


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "loadtests", *map(str, arguments)]


def loadtests(out: Path, *arguments: object, within: float = RUN_SECONDS) -> Done:
    done = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=within,
        check=False,
    )
    return Done(done.returncode, done.stdout, out)


def run(out: Path, scenario: str, *arguments: object, within: float = RUN_SECONDS) -> Done:
    """With a demo of its own."""
    return loadtests(out, "run", "--scenario", scenario, "--out", out, *arguments, within=within)


def run_on(shop: Shop, out: Path, scenario: str, *arguments: object) -> Done:
    """On a demo that runs already, whose database it may read."""
    return run(out, scenario, "--topology", shop.demo.topology, *behind(shop), *arguments)


def check_on(shop: Shop, out: Path) -> Done:
    return loadtests(out, "check", out / "ledger", *behind(shop))


def behind(shop: Shop) -> list[object]:
    return ["--host", shop.url, "--data-dir", shop.demo.data_dir]
