"""What a key is: ``setu_<prefix>_<secret>``, of which the gateway keeps the prefix, and the SHA-256 of the secret.

The secret is 256 bits from the system's generator. A slow hash (bcrypt, Argon2) protects what people choose, by making each guess dear;
of 2^256 equally likely secrets nobody finds one by guessing, at any speed, and every request would pay for the slowness. Nor is a salt
of use: no two secrets are the same, and no table of their hashes can be made.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

PREFIX_BYTES: Final = 4
SECRET_BYTES: Final = 32
TENANT: Final = re.compile(r"[a-z0-9_-]{1,63}")
_FORM: Final = re.compile(r"setu_([0-9a-f]{8})_([0-9a-f]{64})")
_NAMED: Final = re.compile(r"(?:setu_)?([0-9a-f]{8})(?:_[0-9a-f]{64})?")


class Scope(StrEnum):
    """What a key may be for."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    ENHANCE = "enhance"
    ADMIN = "admin"


USUAL: Final = (Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.ENHANCE)
"""What a key is for that is made without naming scopes."""


class KeyParts(NamedTuple):
    """A key in its two parts: the one that may be shown, and the digest of the one that may not."""

    prefix: str
    secret_sha256: bytes


@dataclass(frozen=True)
class NewKey:
    """A key that nobody has seen yet."""

    prefix: str = field(default_factory=lambda: secrets.token_hex(PREFIX_BYTES))
    secret: str = field(default_factory=lambda: secrets.token_hex(SECRET_BYTES), repr=False)

    @property
    def text(self) -> str:
        """As its holder sends it."""
        return f"setu_{self.prefix}_{self.secret}"

    @property
    def secret_sha256(self) -> bytes:
        """As it is kept."""
        return digest(self.secret)


@dataclass(frozen=True)
class ApiKey:
    """A key as its row has it, without its secret.

    Args:
        prefix: by which people name it.
        tenant: whose requests it makes.
        name: what it is for, in its maker's words.
        scopes: what may be done with it.
        created_at: when it was made.
        expires_at: until when it is good; None: for ever.
        revoked_at: since when it is good for nothing.
        last_used_at: the hour of its last use.
        expired: whether its time was over when this was read, by the database's clock.
    """

    prefix: str
    tenant: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    expired: bool

    @property
    def state(self) -> str:
        """In a word."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expired else "good"


def digest(secret: str) -> bytes:
    """SHA-256 of a secret."""
    return sha256(secret.encode()).digest()


def parts_of(key: str) -> KeyParts | None:
    """A key's parts; None if it has not the form of one."""
    found = _FORM.fullmatch(key)
    return None if found is None else KeyParts(found[1], digest(found[2]))


def prefix_in(name: str) -> str | None:
    """The prefix of the key that someone names by its prefix, its beginning or the whole of it."""
    found = _NAMED.fullmatch(name.strip())
    return None if found is None else found[1]


def allowed_by(scopes: Iterable[str]) -> frozenset[str]:
    """All that these scopes allow: ``admin`` allows everything that its tenant may do."""
    named = frozenset(scopes)
    return frozenset(Scope) | named if Scope.ADMIN in named else named
