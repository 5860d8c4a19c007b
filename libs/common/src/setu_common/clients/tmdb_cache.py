"""What was looked up before, in the database: all processes of a service share it, and it outlives them.

What films are called and who plays in them is public: rows belong to no tenant, and a key is a hash, so nobody can read off the table what
was asked for. The table is made by ``tmdb_migration.create_tmdb_cache_table``. Needs the extra ``service``.
"""

import hashlib
from typing import Final, LiteralString

import structlog

from setu_common.clients.keeping import Kept
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable

MOST: Final = 10_000
LARGEST_BYTES: Final = 1 << 19  # a season of thirty episodes with all their guests has a tenth of it

_FIND: Final[LiteralString] = "SELECT body FROM tmdb_cache WHERE key = %(key)s AND expires_at > now()"
# Writers take turns, or the table could grow by as many rows as there are writers, and two that make room could wait for each other.
_TURN: Final[LiteralString] = "SELECT pg_advisory_xact_lock(hashtextextended('setu.tmdb_cache', 0))"
_KEEP: Final[LiteralString] = """
INSERT INTO tmdb_cache (key, body, expires_at) VALUES (%(key)s, %(body)s, now() + make_interval(secs => %(ttl_s)s))
ON CONFLICT (key) DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at
"""
_MAKE_ROOM: Final[LiteralString] = """
DELETE FROM tmdb_cache WHERE expires_at <= now()
OR key IN (SELECT key FROM tmdb_cache ORDER BY expires_at DESC OFFSET %(most)s)
"""

log = structlog.get_logger()


class PostgresCache:
    """A ``LookupCache`` in a table of the service's own schema. While the database is away nothing is found and nothing is kept.

    Args:
        database: the service's.
        most: outcomes; those whose time is over first give way.
        largest_bytes: what is larger is not kept.
    """

    def __init__(self, database: Database, *, most: int = MOST, largest_bytes: int = LARGEST_BYTES) -> None:
        self._database = database
        self._most = most
        self._largest_bytes = largest_bytes

    async def get(self, key: str) -> Kept | None:
        """See ``LookupCache``."""
        try:
            async with self._database.reading() as connection:
                row = (await connection.exec_driver_sql(_FIND, {"key": _hashed(key)})).first()
        except DependencyUnavailable as error:
            log.warning("tmdb.cache_away", reason=error.detail)
            return None
        return None if row is None else Kept(row.body)

    async def put(self, key: str, kept: Kept, ttl_s: float) -> None:
        """See ``LookupCache``."""
        if len((kept.body or "").encode()) > self._largest_bytes:
            return
        try:
            async with self._database.transaction() as connection:
                await connection.exec_driver_sql(_TURN)
                await connection.exec_driver_sql(_KEEP, {"key": _hashed(key), "body": kept.body, "ttl_s": ttl_s})
                await connection.exec_driver_sql(_MAKE_ROOM, {"most": self._most})
        except DependencyUnavailable as error:
            log.warning("tmdb.not_kept", reason=error.detail)


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()
