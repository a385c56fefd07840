"""Password hashing with bcrypt: in threads, a few at a time, and equally slow for accounts that do not exist."""

from __future__ import annotations

import os

import bcrypt

from shardmart.adapters.threads import Threads
from shardmart.domain.accounts import MAX_PASSWORD_BYTES

LONGEST_QUEUE = 64  # a hash of cost 12 takes a quarter second: who would wait longer is told to come back


class BcryptPasswords:
    """bcrypt releases the GIL, so threads do not stop the event loop; it raises above 72 bytes, so we ask first."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._threads = Threads(longest_queue=LONGEST_QUEUE, busy="Too many sign-ins at once.")
        self._nobody = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(rounds))

    async def hash(self, password: str) -> str:
        hashed = await self._threads.run(bcrypt.hashpw, password.encode(), bcrypt.gensalt(self._rounds))
        return hashed.decode()

    async def matches(self, password: str, password_hash: str | None) -> bool:
        secret = password.encode()
        fits = len(secret) <= MAX_PASSWORD_BYTES and b"\0" not in secret
        against = password_hash.encode() if password_hash else self._nobody
        right = await self._threads.run(bcrypt.checkpw, secret if fits else b"too long", against)
        return bool(right and fits and password_hash)
