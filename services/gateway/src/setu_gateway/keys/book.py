"""Making, listing and revoking keys, in the database: who may write to it needs no key, so there is no first key to hand out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, LiteralString

import psycopg
from psycopg.errors import UndefinedTable, UniqueViolation

from setu_common.contracts import FieldProblem
from setu_common.db import Row, connect, translated_failures
from setu_common.errors import Conflict, InvalidRequest
from setu_common.settings import DatabaseSettings
from setu_gateway.errors import KeyNotFound
from setu_gateway.keys.key import TENANT, USUAL, ApiKey, NewKey, Scope, prefix_in
from setu_gateway.settings import SERVICE

MOST_DAYS: Final = 3650
MOST_NAME_CHARS: Final = 100
_TRIES: Final = 5
_COLUMNS: Final[LiteralString] = (
    "prefix, tenant, name, scopes, created_at, expires_at, revoked_at, last_used_at, coalesce(expires_at <= now(), false)"
)
_CREATE: Final[LiteralString] = f"""
INSERT INTO api_key (prefix, tenant, name, secret_sha256, scopes, expires_at)
VALUES (%(prefix)s, %(tenant)s, %(name)s, %(secret_sha256)s, %(scopes)s, now() + make_interval(days => %(days)s))
RETURNING {_COLUMNS}
"""  # noqa: S608  names of columns, our own
_LIST: Final[LiteralString] = f"""
SELECT {_COLUMNS} FROM api_key WHERE %(tenant)s::text IS NULL OR tenant = %(tenant)s ORDER BY tenant, created_at, prefix
"""  # noqa: S608  as above
_REVOKE: Final[LiteralString] = f"""
UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE prefix = %(prefix)s RETURNING {_COLUMNS}
"""  # noqa: S608  names of columns, our own


class KeyBook:
    """All keys of a gateway.

    Args:
        database: the gateway's; its schema must be up to date.
    """

    def __init__(self, database: DatabaseSettings) -> None:
        self._database = database

    def create(
        self, tenant: str, *, name: str = "", scopes: Sequence[str] = USUAL, days: int | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key. The whole of it is in the answer, and nowhere else.

        Args:
            tenant: whose requests it makes; a tenant is whoever has a key.
            name: what it is for.
            scopes: what may be done with it.
            days: how long it is good, from now; None: until it is revoked.

        Raises:
            InvalidRequest: something of it can't be taken.
        """
        _demand_possible(tenant, name, scopes, days)
        told = {"tenant": tenant, "name": name, "scopes": sorted(set(scopes)), "days": days}
        with self._connected() as connection:
            for _ in range(_TRIES):
                key = NewKey()
                try:
                    rows = connection.execute(
                        _CREATE, {**told, "prefix": key.prefix, "secret_sha256": key.secret_sha256}
                    ).fetchall()
                except UniqueViolation:
                    continue  # one prefix in four billion
                return _key(rows[0]), key.text
        raise Conflict("No free prefix was found. Try again.")

    def listed(self, tenant: str | None = None) -> list[ApiKey]:
        """All keys, or all of a tenant, revoked ones as well."""
        with self._connected() as connection:
            return [_key(row) for row in connection.execute(_LIST, {"tenant": tenant}).fetchall()]

    def revoke(self, named: str) -> ApiKey:
        """Make a key good for nothing. Gateways know it within seconds.

        Args:
            named: its prefix, with or without what stands around it.

        Raises:
            KeyNotFound: there is none.
        """
        prefix = prefix_in(named)
        if prefix is not None:
            with self._connected() as connection:
                for row in connection.execute(_REVOKE, {"prefix": prefix}).fetchall():
                    return _key(row)
        raise KeyNotFound("There is no such key. Name it by its prefix, as `setu keys list` shows it.")

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Row]]:
        try:
            with translated_failures(), connect(self._database, SERVICE) as connection:
                yield connection
        except UndefinedTable as error:
            raise Conflict("This database has no table of keys yet. Bring it up to date with `setu migrate`.") from error


def _key(row: Row) -> ApiKey:
    prefix, tenant, name, scopes, created_at, expires_at, revoked_at, last_used_at, expired = row
    return ApiKey(prefix, tenant, name, tuple(scopes), created_at, expires_at, revoked_at, last_used_at, expired)


def _demand_possible(tenant: str, name: str, scopes: Sequence[str], days: int | None) -> None:
    if not TENANT.fullmatch(tenant):
        raise _refused("tenant", "Give up to 63 small letters, digits, hyphens and underscores.")
    if len(name) > MOST_NAME_CHARS or not name.isprintable():
        raise _refused("name", f"Give at most {MOST_NAME_CHARS} printable characters.")
    known = [scope.value for scope in Scope]
    if not scopes or any(scope not in known for scope in scopes):
        raise _refused("scopes", f"Give some of {', '.join(known)}.")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise _refused("days", f"Give 1 to {MOST_DAYS} days, or none for a key that does not expire.")


def _refused(field: str, detail: str) -> InvalidRequest:
    return InvalidRequest(detail, errors=[FieldProblem(field=field, message="can't be taken")])
