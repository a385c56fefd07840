"""Marks: which products have changed, in memory that all workers of an app node share.

A table of 64-bit words in a file of the runtime directory. A product has one of them, by a hash of its id; two words
stand for all lists and for everything. A change puts a new random number there: nothing is counted, so that two
workers who do it at once need no lock, and a number never comes back. Words are aligned and written whole.
"""

from __future__ import annotations

import mmap
import os
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar
from zlib import crc32

PLACES = 8192  # two products that share one only cost each other a read
SIZE = 8 * PLACES
NAME = "catalogue.marks"
_FIRST_PRODUCT = 2
_MODE = 0o600


class SharedMarks:
    """`cache_ports.Marks`; without a directory for this process alone."""

    ANY: ClassVar[int] = 0
    MOVES: ClassVar[int] = 1

    def __init__(self, directory: Path | None) -> None:
        self._path = directory / NAME if directory else None
        self.share()

    def share(self) -> None:
        """Takes the table that lies at the path now, a new one when there is none. Raises OSError."""
        self._file, memory = _mapped(self._path)
        self._words = memoryview(memory).cast("Q")

    def are_shared(self) -> bool:
        """Whether the table is still the one that other workers find."""
        if self._path is None:
            return True
        try:
            return self._path.stat().st_ino == self._file
        except OSError:
            return False

    def place_of(self, product_id: str) -> int:
        return _FIRST_PRODUCT + crc32(product_id.encode()) % (PLACES - _FIRST_PRODUCT)

    def __getitem__(self, place: int) -> int:
        return self._words[place]

    def copy(self) -> Sequence[int]:
        """All words as they are now."""
        return memoryview(bytes(self._words)).cast("Q")

    def change(self, product_ids: Iterable[str], *, moves: bool) -> None:
        """ANY comes last: who finds it unmoved need not look at the others."""
        for id in product_ids:
            self._words[self.place_of(id)] = random.getrandbits(64)
        if moves:
            self._words[self.MOVES] = random.getrandbits(64)
        self._words[self.ANY] = random.getrandbits(64)


def _mapped(path: Path | None) -> tuple[int, mmap.mmap]:
    """The file's inode and its memory. Made by whoever comes first; one that was there is as good as new."""
    if path is None:
        return 0, mmap.mmap(-1, SIZE)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
    try:
        if os.fstat(fd).st_size < SIZE:
            os.ftruncate(fd, SIZE)
        return os.fstat(fd).st_ino, mmap.mmap(fd, SIZE)
    finally:
        os.close(fd)
