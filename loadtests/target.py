"""The shop under load, whoever started it: asked, audited, and told apart from something that is not a Shardmart."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx

from cluster import commands
from cluster.datadir import DataDir
from cluster.errors import ClusterError
from loadtests.common import stage
from loadtests.console import log
from loadtests.errors import CouldNotRun
from loadtests.options import Options

AUDIT_SECONDS, AUDIT_ATTEMPTS, PAUSE_SECONDS = 620, 5, 2.0
DEMO_PASSWORD = "demo123"  # noqa: S105 - public on purpose, of demo accounts only
COUNTERS = re.compile(r"^(shardmart_(?:conflicts|retries)_total)(?:\{[^}]*\})? ([0-9.e+]+)$", re.MULTILINE)


class Target:
    """`data_dir`: of a demo on this machine whose database we may read and whose nodes we may break."""

    def __init__(self, url: str, *, data_dir: Path | None, admin_email: str, admin_password: str) -> None:
        self.url = url.rstrip("/")
        self.data = DataDir(data_dir) if data_dir else None
        self._admin = (admin_email, admin_password)
        self._http = stage.client(self.url)

    @classmethod
    def of(cls, options: Options, *, url: str, data_dir: Path | None) -> Target:
        """With the admin that the options name. Raises CouldNotRun."""
        file, password = options.admin_password_file, DEMO_PASSWORD
        try:
            password = file.read_text(encoding="utf-8").strip() if file else password
        except OSError as error:
            raise CouldNotRun(f"--admin-password-file: {error.strerror}: {file}") from None
        return cls(url, data_dir=data_dir, admin_email=options.admin_email, admin_password=password)

    def close(self) -> None:
        self._http.close()

    def identify(self) -> None:
        """Raises CouldNotRun unless a Shardmart answers there that can serve."""
        try:
            title = self._http.get("/docs/openapi.json").json()["info"]["title"]
            ready = self._http.get("/readyz").status_code
        except httpx.InvalidURL as error:
            raise CouldNotRun(f"{self.url} is not an address: {error}") from None
        except httpx.HTTPError as error:
            raise CouldNotRun(f"nothing answers on {self.url}: {error or type(error).__name__}") from None
        except (ValueError, KeyError, TypeError):
            title, ready = "", 0
        if title != "Shardmart":
            raise CouldNotRun(f"{self.url} is not a Shardmart")
        if ready != 200:
            raise CouldNotRun(f"the shop on {self.url} is not ready: GET /readyz answered {ready}")

    def uri(self) -> str | None:
        """The database's connection string, if it is ours to read. Raises CouldNotRun."""
        return str(self.status()["uri"]) if self.data else None

    def status(self) -> dict[str, Any]:
        """`cluster status` of the demo below. Raises CouldNotRun."""
        if self.data is None:
            raise CouldNotRun("only a demo whose --data-dir is known can be looked into")
        try:
            return commands.status(self.data)
        except ClusterError as error:
            raise CouldNotRun(f"the cluster could not be asked: {error}") from error

    def has_network(self) -> bool:
        """Whether members have namespaces of their own. Raises CouldNotRun."""
        return any("network" in known for known in self.status()["nodes"])

    def await_ready(self, seconds: float) -> bool:
        """Whether the shop can serve within that time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if self._http.get("/readyz").status_code == 200:
                    return True
            except httpx.HTTPError:
                pass
            time.sleep(PAUSE_SECONDS / 10)
        return False

    def stock(self, product: str) -> int | None:
        """What the product's page says now; None when it cannot be had."""
        try:
            answer = self._http.get(f"/api/products/{product}", timeout=2)
            return int(answer.json()["stock"]) if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    def counters(self) -> dict[str, float]:
        """Conflicts and retries since the shop started, by metric; empty when it does not answer."""
        try:
            answer = self._http.get("/metrics", timeout=2)
        except httpx.HTTPError:
            return {}
        found: defaultdict[str, float] = defaultdict(float)
        for name, value in COUNTERS.findall(answer.text):
            found[name] += float(value)
        return dict(found)

    def audit(self) -> dict[str, Any]:
        """The audit of the whole database, as the contract shows it. Raises CouldNotRun."""
        for attempt in range(AUDIT_ATTEMPTS):
            report = self._audit_by_command() if self.data else self._audit_over_http()
            if report is not None:
                return report
            time.sleep(PAUSE_SECONDS * (attempt + 1))
        raise CouldNotRun("the database could not be audited: it does not answer")

    def _audit_by_command(self) -> dict[str, Any] | None:
        status = self.status()
        # the shop's other settings are for serving: with them the command would have to be a demo
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SHARDMART_")}
        environment |= {"SHARDMART_MONGO_URI": status["uri"], "SHARDMART_TOPOLOGY": status["topology"]}
        done = subprocess.run(
            [sys.executable, "-m", "shardmart", "audit", "--json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=AUDIT_SECONDS,
            check=False,
        )
        if done.returncode in (0, 1):
            report: dict[str, Any] = json.loads(done.stdout)
            return report
        log(f"the audit could not be made: {done.stderr.strip()[-300:]}")
        return None

    def _audit_over_http(self) -> dict[str, Any] | None:
        try:
            token = stage.login(self._http, *self._admin)
            answer = self._http.get("/api/lab/audit", headers={"Authorization": f"Bearer {token}"})
        except httpx.HTTPError:
            return None
        if answer.status_code == 403:
            raise CouldNotRun(f"{self._admin[0]} is no admin of {self.url}: the audit was refused")
        return answer.json() if answer.status_code == 200 else None
