"""An app node: the shop on top of the database, with the worker processes that it starts."""

import os
import shlex
import sys
from collections.abc import Mapping

from cluster.console import log
from cluster.datadir import DataDir
from cluster.errors import AppFailed
from cluster.guard import Guard
from cluster.service import Service, ending

COMMAND_VARIABLE = "SHARDMART_CLUSTER_APP"
"""Replaces `python -m shardmart` (tests of this package)."""

SEEDED = "seeded"
STANDARD_ERROR = 2  # standard output carries the READY line alone


class App(Service):
    """One app node; `environment` is what it is told about its database and address."""

    def __init__(self, name: str, port: int, *, environment: Mapping[str, str], data: DataDir, guard: Guard) -> None:
        self._data = data
        super().__init__(
            name,
            port=port,
            command=_command("serve"),
            environment={**os.environ, **environment},
            output=STANDARD_ERROR,
            guard=guard,
        )

    async def seed(self) -> None:
        """Fill an empty shop, once per data directory; raises AppFailed if that fails."""
        if self._data.has(SEEDED) or os.environ.get("SHARDMART_SEED") == "off":
            return
        log("seeding")
        child = self._spawn(_command("seed"))
        await child.ended()
        self._bury(child)
        if child.returncode != 0:
            raise AppFailed(f"seeding the shop failed ({ending(child)}); its messages stand above")
        self._data.write_json(SEEDED, True)


def _command(verb: str) -> list[str]:
    return [*(shlex.split(os.environ.get(COMMAND_VARIABLE, "")) or [sys.executable, "-m", "shardmart"]), verb]
