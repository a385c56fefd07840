"""What the operating system says about processes: who is who, and what earlier supervisors left."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from cluster.guardian import started_at

RUN_VARIABLE = "SHARDMART_CLUSTER_RUN"
"""In the environment of every process a supervisor starts, and of theirs: a random id of the supervisor's run."""


@dataclass(frozen=True)
class Identity:
    """A process, told from a later one with the same number by its start time and command line."""

    pid: int
    boot: str
    started: str
    command: str

    def as_dict(self) -> dict[str, object]:
        """The identity as it is recorded."""
        return asdict(self)


def identify(pid: int) -> Identity | None:
    """The identity of a live process; None if it is gone."""
    if not Path("/proc/self").exists():
        return _identify_with_ps(pid)
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    except OSError:
        return None
    started = started_at(pid)
    return Identity(pid, boot, started, command) if started and command else None


def _identify_with_ps(pid: int) -> Identity | None:
    answer = subprocess.run(
        ["ps", "-ww", "-o", "lstart=", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return Identity(pid, "", answer[:24], answer[24:].strip()) if answer else None


def is_paused(pid: int) -> bool:
    """Whether a process was stopped with SIGSTOP."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except FileNotFoundError:
        answer = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return answer.stdout.strip().startswith("T")


def left_by(run: str, recorded: list[Identity]) -> list[int]:
    """The live processes of an earlier run: those recorded, and those that carry the run's id."""
    found = [known.pid for known in recorded if identify(known.pid) == known]
    marker = f"{RUN_VARIABLE}={run}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marker in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return sorted(set(found) - {os.getpid()})


def end_all(run: str, recorded: list[Identity], seconds: float = 10) -> list[int]:
    """Kill what an earlier run left and wait until it is gone; returns the process ids."""
    ended: set[int] = set()
    deadline = time.monotonic() + seconds
    while (left := left_by(run, recorded)) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        ended.update(left)
        time.sleep(0.05)
    return sorted(ended)
