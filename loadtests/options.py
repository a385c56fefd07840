"""What a run is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TOPOLOGIES = ("replica", "sharded")
STRATEGIES = ("auto", "group", "transaction", "reservation", "naive")
WRITE_CONCERNS = ("majority", "1")
READ_PREFERENCES = ("primary", "secondaryPreferred")
DEFAULT_NODES = {"replica": 3, "sharded": 1}  # what `cluster demo` starts per set


@dataclass(frozen=True)
class Options:
    """`host`: drive a shop that already runs; `data_dir`: that of the demo behind it, if it may be broken."""

    scenario: str
    topology: str
    out: Path
    nodes: int | None = None
    strategy: str = "auto"
    write_concern: str = "majority"
    read_preference: str = "primary"
    users: int = 20
    seconds: float = 30.0
    faults: str = ""
    seed: int = 0
    stock: int | None = None
    processes: int = 1
    workers: int | None = None
    port: int | None = None
    host: str | None = None
    admin_email: str = "admin@demo.com"
    admin_password_file: Path | None = None
    data_dir: Path | None = None
