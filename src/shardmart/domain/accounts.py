"""Who uses the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_BYTES = 72  # bcrypt looks at no more
DELETED_NAME = "deleted user"


class Role(str, Enum):
    BUYER = "buyer"
    SELLER = "seller"
    ADMIN = "admin"


def email_key(email: str) -> str:
    """The form in which e-mails are compared: one account per address whatever its case."""
    return email.strip().casefold()


@dataclass(slots=True, frozen=True)
class User:
    id: str
    name: str
    email: str
    role: Role
    password_hash: str
    created_at: datetime


@dataclass(slots=True, frozen=True)
class Session:
    """A refresh family: one sign-in with all the tokens that came from it.

    `generation` counts rotations; the token of the generation before is good for `GRACE_SECONDS` more and
    yields the same successor, so two tabs that refresh at once stay signed in.
    """

    id: str
    user_id: str
    role: Role
    generation: int
    rotated_at: datetime
    expires_at: datetime


GRACE_SECONDS = 10


@dataclass(slots=True, frozen=True)
class Actor:
    """Who makes a request, as the access token proves."""

    id: str
    role: Role
    session_id: str

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN
