"""The data directory: what is kept between starts, and the lock that lets one supervisor in."""

import contextlib
import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cluster.errors import ClusterError

KEPT_LOG_BYTES = 20_000_000


class DataDir:
    """Paths and small files below one directory; created with the first lock."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self._lock_fd: int | None = None

    def lock(self) -> None:
        """Create the directory and take it for this process; raises ClusterError if somebody else has it.

        The lock is the kernel's: it ends with the process, however that ends, and no child inherits it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for part in (self.path / "nodes", self.path / "logs"):
                part.mkdir(mode=0o700, exist_ok=True)
            self._lock_fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ClusterError(f"cannot use the data directory {self.path}: {error.strerror}") from None
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._lock_fd, 100).decode(errors="replace").strip()
            self.unlock()
            raise ClusterError(f"{self.path} is already in use by another supervisor (process {holder})") from None
        os.ftruncate(self._lock_fd, 0)
        os.pwrite(self._lock_fd, str(os.getpid()).encode(), 0)

    def unlock(self) -> None:
        """Give the lock back."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def is_locked(self) -> bool:
        """Whether some supervisor runs on this directory."""
        try:
            fd = os.open(self.path / "lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False

    def node_path(self, node: str) -> Path:
        """Where a node keeps its documents; created if absent."""
        path = self.path / "nodes" / node
        path.mkdir(mode=0o700, exist_ok=True)
        return path

    def has_documents(self, node: str) -> bool:
        """Whether a node ran here before."""
        return (self.path / "nodes" / node / "WiredTiger").exists()

    def log_path(self, name: str) -> Path:
        """The log file of a process; one that grew large is set aside."""
        path = self.path / "logs" / f"{name}.log"
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > KEPT_LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
        return path

    def read_json(self, name: str) -> Any:
        """A small file's content; None if it is absent or was damaged."""
        try:
            return json.loads((self.path / name).read_text())
        except (OSError, ValueError):
            return None

    def write_json(self, name: str, content: Any) -> None:
        """Replace a small file in one step, readable by its owner only."""
        self._write(name, json.dumps(content, indent=1))

    def secret(self, name: str) -> str:
        """A random secret of 32 bytes in hexadecimal, made once."""
        with contextlib.suppress(OSError):
            if len(known := (self.path / name).read_text().strip()) >= 64:
                return known
        made = secrets.token_hex(32)
        self._write(name, made)
        return made

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return (self.path / name).exists()

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def _write(self, name: str, content: str) -> None:
        passing = self.path / f"{name}.new"
        fd = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        passing.replace(self.path / name)
