"""Who commits for this app node: whoever holds the lock on a file. The file names the sessions it writes with.

The kernel frees the lock when its holder dies, however it dies. A holder that is stopped keeps it: then the file is
taken away from it (`depose`), the next one locks a new file, and the old holder finds that its own is not there.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

PRIVATE_DIR, PRIVATE_FILE = 0o700, 0o600


class Lock:
    """A held lock. `predecessor`: the sessions that the last holder may have left open."""

    def __init__(self, path: Path, fd: int, predecessor: list[str]) -> None:
        self._path, self._fd = path, fd
        self.predecessor = predecessor

    @classmethod
    def acquire(cls, path: Path) -> Lock | None:
        """The lock, None while another process holds it. Raises OSError."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        lock = cls(path, fd, _sessions_in(os.pread(fd, 65536, 0)))
        if not lock.is_current():
            lock._close()
            return None
        return lock

    def is_current(self) -> bool:
        """Whether the file at the path is still the locked one."""
        return inode(self._path) == os.fstat(self._fd).st_ino

    def write(self, sessions: Collection[str]) -> None:
        """Names the sessions in use."""
        text = json.dumps({"pid": os.getpid(), "sessions": list(sessions)}).encode()
        os.pwrite(self._fd, text, 0)
        os.ftruncate(self._fd, len(text))

    def release(self) -> None:
        """In peace: the file stays, no session is named in it."""
        self.write([])
        self._close()

    def _close(self) -> None:
        os.close(self._fd)


def inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def sessions_of(path: Path) -> list[str]:
    """The sessions named in a lock file that another may hold."""
    with suppress(OSError):
        return _sessions_in(path.read_bytes())
    return []


def holder_of(path: Path) -> int | None:
    """The process that wrote the file last."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return int(json.loads(path.read_bytes())["pid"])
    return None


def depose(path: Path, hung: int | None) -> None:
    """Takes the file away from a holder that hangs, unless that has been done."""
    if hung is not None and inode(path) == hung:
        path.unlink(missing_ok=True)


def prepare(directory: Path) -> None:
    """Makes the directory, private. Raises OSError when it is somebody else's or open to others."""
    directory.mkdir(PRIVATE_DIR, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{directory} must be a directory of our own with mode 0700")


def _sessions_in(text: bytes) -> list[str]:
    """None from a file that is new, or was cut off while it was written."""
    try:
        return [str(id) for id in json.loads(text)["sessions"]]
    except (ValueError, KeyError, TypeError):
        return []
