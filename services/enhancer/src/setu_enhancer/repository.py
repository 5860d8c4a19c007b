"""Earlier edits in the database."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString, NamedTuple
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

_FIND: Final[LiteralString] = """
SELECT DISTINCT ON (key) key, operation_id, offered, kept, provider, model, opinion FROM remembered
WHERE tenant = %(tenant)s AND key = ANY(%(keys)s) ORDER BY key, created_at DESC
"""
# An operation that takes an edit again keeps it as its own: the one that made it may be erased.
_TAKE: Final[LiteralString] = """
INSERT INTO remembered (operation_id, key, tenant, pair, source, draft, offered, kept, provider, model, opinion)
SELECT DISTINCT ON (key) operation.id, key, operation.tenant, pair, source, draft, offered, kept, provider, model, opinion
FROM remembered JOIN operation ON operation.id = %(operation_id)s AND operation.tenant = remembered.tenant
WHERE remembered.tenant = %(tenant)s AND key = ANY(%(keys)s) ORDER BY key, remembered.created_at DESC
ON CONFLICT DO NOTHING
"""
_KEEP: Final[LiteralString] = """
INSERT INTO remembered (operation_id, key, tenant, pair, source, draft, offered, kept, provider, model, opinion)
SELECT operation.id, new.key, operation.tenant, %(pair)s, new.source, new.draft, new.offered, new.kept, new.provider, new.model,
    new.opinion
FROM operation, unnest(%(keys)s::text[], %(sources)s::text[], %(drafts)s::text[], %(offers)s::text[], %(kept)s::boolean[],
    %(providers)s::text[], %(models)s::text[], %(opinions)s::text[]) AS new (key, source, draft, offered, kept, provider, model, opinion)
WHERE operation.id = %(operation_id)s AND operation.tenant = %(tenant)s ORDER BY new.key
ON CONFLICT (operation_id, key) DO UPDATE SET offered = excluded.offered, kept = excluded.kept, provider = excluded.provider,
    model = excluded.model, opinion = excluded.opinion, created_at = now()
"""
_KEPT: Final[LiteralString] = """
SELECT source, offered FROM remembered WHERE tenant = %(tenant)s AND pair = %(pair)s AND kept
ORDER BY created_at DESC LIMIT %(limit)s
"""
RETIRE: Final[LiteralString] = """
DELETE FROM remembered WHERE (operation_id, key) IN (
    SELECT operation_id, key FROM (
        SELECT operation_id, key, row_number() OVER (PARTITION BY tenant ORDER BY created_at DESC) AS place FROM remembered
    ) AS placed WHERE place > 500000 LIMIT 1000)
"""
"""Of each tenant so many edits are kept; the longest unused go first. All others go with their operations."""
NAMED: Final[LiteralString] = "SELECT uri FROM unnest(%(uris)s::text[]) AS uri WHERE false"
"""Edits name no objects."""


class Kept(NamedTuple):
    """An edit as a row has it."""

    key: str
    source: str
    draft: str
    offered: str
    kept: bool
    provider: str
    model: str
    opinion: str


async def find(connection: AsyncConnection, tenant: str, keys: Sequence[str]) -> Sequence[Row[Any]]:  # Any: rows of text
    """The newest edit under each of the keys: key, operation_id, offered, kept, provider, model, opinion."""
    return (await connection.exec_driver_sql(_FIND, {"tenant": tenant, "keys": list(keys)})).all()


async def take(connection: AsyncConnection, tenant: str, operation_id: UUID, keys: Sequence[str]) -> None:
    """Have an operation keep copies of what it takes again."""
    await connection.exec_driver_sql(_TAKE, {"tenant": tenant, "operation_id": operation_id, "keys": sorted(keys)})


async def keep(connection: AsyncConnection, tenant: str, operation_id: UUID, pair: str, edits: Sequence[Kept]) -> None:
    """Keep edits for as long as their operation; nothing is kept of one that is gone. Each key stands once among them."""
    keys, sources, drafts, offers, kept, providers, models, opinions = (list(column) for column in zip(*edits, strict=True))
    values = {
        "tenant": tenant,
        "operation_id": operation_id,
        "pair": pair,
        "keys": keys,
        "sources": sources,
        "drafts": drafts,
        "offers": offers,
        "kept": kept,
        "providers": providers,
        "models": models,
        "opinions": opinions,
    }
    await connection.exec_driver_sql(_KEEP, values)


async def newest(connection: AsyncConnection, tenant: str, pair: str, limit: int) -> Sequence[Row[Any]]:  # Any: rows of text
    """The last edits that were kept between these languages: source and offered."""
    return (await connection.exec_driver_sql(_KEPT, {"tenant": tenant, "pair": pair, "limit": limit})).all()
