"""The memory in the database. Each function works on a connection whose transaction is the caller's."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts.knowledge import KnowledgeQuery, ScopeLevel, Verdict
from setu_optimizer.domain.knowledge.belief import Evidence
from setu_optimizer.domain.knowledge.entries import Claim, Entry, Pair, plain
from setu_optimizer.domain.knowledge.scopes import Scope

MOST_LOADED: Final = 5000
"""Entries of the scopes of one recording; what people decided comes first, then what changed last."""

# One learner of a tenant at a time: what is forgotten while something is learned of the same entry would take that along.
_ALONE: Final[LiteralString] = "SELECT pg_advisory_xact_lock(hashtextextended('setu.knowledge.' || %(tenant)s, 0))"
_SCOPES: Final[LiteralString] = """
INSERT INTO known_scope (tenant, level, key, name)
SELECT %(tenant)s, told.level, told.key, told.name FROM jsonb_to_recordset(%(scopes)s::jsonb) AS told (level text, key text, name text)
ON CONFLICT (tenant, level, key) DO UPDATE SET name = known_scope.name RETURNING id, level, key
"""
_ENTRIES: Final[LiteralString] = """
INSERT INTO known_entry (tenant, scope_id, source_language, target_language, kind, source_key, target_key, sources, target, accepted, gender)
SELECT %(tenant)s, told.scope_id, %(source)s, %(target)s, told.kind, told.source_key, told.target_key, told.sources, told.target,
    told.accepted, told.gender
FROM jsonb_to_recordset(%(entries)s::jsonb) AS told (scope_id uuid, kind text, source_key text, target_key text, sources text[],
    target text, accepted text[], gender text)
ON CONFLICT (scope_id, source_language, target_language, kind, source_key, target_key) DO UPDATE SET
    sources = (known_entry.sources || ARRAY(SELECT each FROM unnest(excluded.sources) AS each WHERE each <> ALL (known_entry.sources)))[1:20],
    accepted = (known_entry.accepted || ARRAY(SELECT each FROM unnest(excluded.accepted) AS each
        WHERE each <> ALL (known_entry.accepted)))[1:20],
    gender = coalesce(known_entry.gender, excluded.gender), updated_at = now()
RETURNING id, scope_id, kind, source_key, target_key
"""
_EVIDENCE: Final[LiteralString] = """
INSERT INTO known_evidence (entry_id, tenant, provenance, origin, job_id, work, weight)
SELECT told.entry_id, %(tenant)s, told.provenance, %(origin)s, %(job_id)s, %(work)s, told.weight
FROM jsonb_to_recordset(%(evidence)s::jsonb) AS told (entry_id uuid, provenance text, weight real)
ON CONFLICT (entry_id, provenance, origin, job_id) DO UPDATE SET weight = excluded.weight, work = excluded.work, seen_at = now()
"""
_TAKE_BACK: Final[LiteralString] = """
WITH gone AS (
    DELETE FROM known_evidence AS v USING known_entry AS e
    WHERE v.tenant = %(tenant)s AND v.job_id = %(job_id)s AND e.id = v.entry_id
        AND (%(origin)s::text IS NULL OR v.origin = %(origin)s) AND (%(target)s::text IS NULL OR e.target_language = %(target)s)
    RETURNING v.entry_id
) SELECT array_agg(DISTINCT entry_id) AS ids FROM gone
"""
_SWEEP: Final[LiteralString] = """
DELETE FROM known_entry AS e WHERE e.tenant = %(tenant)s AND e.id = ANY(%(ids)s) AND e.verdict IS NULL
    AND NOT EXISTS (SELECT FROM known_evidence v WHERE v.entry_id = e.id)
"""
_SWEEP_SCOPES: Final[LiteralString] = """
DELETE FROM known_scope AS s WHERE s.tenant = %(tenant)s AND NOT EXISTS (SELECT FROM known_entry e WHERE e.scope_id = s.id)
"""
_DECIDE: Final[LiteralString] = """
UPDATE known_entry SET verdict = %(verdict)s, verdict_by = %(by)s, verdict_at = now(), updated_at = now()
WHERE tenant = %(tenant)s AND id = %(id)s
"""
_REWORD: Final[LiteralString] = "UPDATE known_entry SET target = %(target)s WHERE tenant = %(tenant)s AND id = %(id)s"
_REMOVE: Final[LiteralString] = (
    "DELETE FROM known_entry WHERE tenant = %(tenant)s AND id = %(id)s AND verdict IS DISTINCT FROM 'vetoed'"
)
_FOUND_SCOPES: Final[LiteralString] = (
    "SELECT id, level, key, name FROM known_scope WHERE tenant = %(tenant)s AND level = ANY(%(levels)s)"
)

RETIRE: Final[LiteralString] = """
DELETE FROM known_entry AS e WHERE e.verdict IS NULL
    AND e.updated_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> e.tenant)::int, %(days)s))
    AND e.id IN (SELECT old.id FROM known_entry old WHERE old.verdict IS NULL
        AND old.updated_at < now() - make_interval(days => coalesce((%(by_tenant)s::jsonb ->> old.tenant)::int, %(days)s))
        AND NOT EXISTS (SELECT FROM known_evidence v WHERE v.entry_id = old.id AND v.provenance NOT IN ('machine', 'tmdb')) LIMIT 1000)
"""
"""What no person says or decided, and no job has said for so long. Who says it again meanwhile changes the row, and it stays."""
NAMED: Final[LiteralString] = "SELECT uri FROM unnest(%(uris)s::text[]) AS uri WHERE false"
"""Entries name no objects."""

_SELECT: Final[LiteralString] = """
SELECT e.id, e.source_language, e.target_language, e.kind, e.sources, e.source_key, e.target, e.target_key, e.accepted, e.gender,
    e.verdict, e.verdict_by, e.verdict_at, e.created_at, e.updated_at, s.level, s.key, s.name, coalesce((
        SELECT jsonb_agg(jsonb_build_array(v.provenance, v.work, v.weight, v.job_id, v.seen_at) ORDER BY v.id)
        FROM known_evidence v WHERE v.entry_id = e.id), '[]') AS evidence
FROM known_entry e JOIN known_scope s ON s.id = e.scope_id
"""
_OF_SCOPES: Final[LiteralString] = (
    _SELECT
    + """WHERE e.tenant = %(tenant)s AND e.scope_id = ANY(%(scopes)s) AND e.source_language = %(source)s AND e.target_language = %(target)s
ORDER BY e.verdict IS NULL, e.updated_at DESC, e.id LIMIT %(most)s"""
)
_BY_ID: Final[LiteralString] = _SELECT + "WHERE e.tenant = %(tenant)s AND e.id = %(id)s"
# All of the same source and scope, whatever the target.
_RIVALS: Final[LiteralString] = (
    _SELECT
    + """WHERE e.tenant = %(tenant)s AND EXISTS (SELECT FROM known_entry one WHERE one.id = ANY(%(ids)s) AND one.scope_id = e.scope_id
    AND one.source_language = e.source_language AND one.target_language = e.target_language AND one.source_key = e.source_key)"""
)
_LISTED: Final[LiteralString] = (
    _SELECT
    + """WHERE e.tenant = %(tenant)s
    AND (%(source_language)s::text IS NULL OR e.source_language = %(source_language)s)
    AND (%(target_language)s::text IS NULL OR e.target_language = %(target_language)s)
    AND (%(kind)s::text IS NULL OR e.kind = %(kind)s) AND (%(level)s::text IS NULL OR s.level = %(level)s)
    AND (%(scopes)s::uuid[] IS NULL OR e.scope_id = ANY(%(scopes)s))
    AND (%(verdict)s::text IS NULL OR coalesce(e.verdict, 'none') = %(verdict)s)
    AND (%(text)s::text IS NULL OR position(%(text)s in e.target_key) > 0 OR position(%(text)s in e.source_key) > 0
        OR EXISTS (SELECT FROM unnest(e.sources) AS each WHERE position(%(text)s in lower(each)) > 0))
    AND (%(before)s::timestamptz IS NULL OR (e.created_at, e.id) < (%(before)s, %(before_id)s::uuid))
ORDER BY e.created_at DESC, e.id DESC LIMIT %(limit)s"""
)
_CONTESTED: Final[LiteralString] = """
SELECT (array_agg(id))[1] AS id FROM known_entry WHERE tenant = %(tenant)s AND verdict IS DISTINCT FROM 'vetoed'
GROUP BY scope_id, source_language, target_language, source_key
HAVING count(DISTINCT target_key) > 1 AND NOT bool_or(verdict IS NOT DISTINCT FROM 'accepted')
ORDER BY max(updated_at) DESC, 1 LIMIT %(limit)s
"""


async def alone(connection: AsyncConnection, tenant: str) -> None:
    """Wait until nobody else changes what a tenant's memory holds, and keep others waiting to the end of the transaction."""
    await connection.exec_driver_sql(_ALONE, {"tenant": tenant})


async def keep_scopes(connection: AsyncConnection, tenant: str, scopes: Iterable[Scope]) -> dict[tuple[str, str], UUID]:
    """The ids of scopes by level and key; those that are new are made."""
    told = [{"level": each.level, "key": each.key, "name": each.name} for each in scopes]
    rows = await connection.exec_driver_sql(_SCOPES, {"tenant": tenant, "scopes": json.dumps(told)})
    return {(row.level, row.key): row.id for row in rows}


async def keep_entries(
    connection: AsyncConnection, tenant: str, pair: Pair, claims: Sequence[tuple[UUID, Claim]]
) -> list[tuple[UUID, Claim]]:
    """Make the entries of claims, each with the id of its scope, or add spellings to them; gives the entries' ids."""
    told: dict[tuple[str, str, str, str], dict[str, Any]] = {}  # Any: JSON
    for scope_id, claim in claims:
        row = told.setdefault(
            _key(scope_id, claim),
            {
                "scope_id": str(scope_id),
                "kind": claim.kind,
                "source_key": claim.source_key,
                "target_key": claim.target_key,
                "sources": list(claim.sources),
                "target": claim.target,
                "accepted": list(claim.accepted),
                "gender": claim.gender,
            },
        )
        row["sources"] = list(dict.fromkeys((*row["sources"], *claim.sources)))
        row["gender"] = row["gender"] or claim.gender
    values = {"tenant": tenant, "source": pair.source, "target": pair.target, "entries": json.dumps(list(told.values()))}
    rows = await connection.exec_driver_sql(_ENTRIES, values)
    ids = {(str(row.scope_id), row.kind, row.source_key, row.target_key): row.id for row in rows}
    return [(ids[_key(scope_id, claim)], claim) for scope_id, claim in claims]


async def keep_evidence(
    connection: AsyncConnection,
    tenant: str,
    claims: Iterable[tuple[UUID, Claim]],
    *,
    origin: str,
    job_id: UUID | None,
    work: str,
) -> None:
    """Put down who says so, each entry once for each provenance, origin and job."""
    told = [{"entry_id": str(each), "provenance": claim.provenance, "weight": claim.weight} for each, claim in claims]
    values = {"tenant": tenant, "origin": origin, "job_id": job_id, "work": work, "evidence": json.dumps(told)}
    await connection.exec_driver_sql(_EVIDENCE, values)


async def take_back(
    connection: AsyncConnection, tenant: str, job_id: UUID, *, origin: str | None = None, target: str | None = None
) -> list[UUID]:
    """Take back what a job said, of one origin and target language or in all; gives the entries that lost something."""
    values = {"tenant": tenant, "job_id": job_id, "origin": origin, "target": target}
    return list((await connection.exec_driver_sql(_TAKE_BACK, values)).scalar_one() or [])


async def sweep(connection: AsyncConnection, tenant: str, ids: Sequence[UUID]) -> None:
    """Forget those of some entries of which nobody says anything any more, and scopes that are empty."""
    if ids:
        await connection.exec_driver_sql(_SWEEP, {"tenant": tenant, "ids": list(ids)})
        await connection.exec_driver_sql(_SWEEP_SCOPES, {"tenant": tenant})


async def decide(connection: AsyncConnection, tenant: str, entry_id: UUID, verdict: Verdict, by: str) -> bool:
    """Write down what a person decides; False if there is no such entry."""
    values = {"tenant": tenant, "id": entry_id, "verdict": verdict, "by": by}
    return (await connection.exec_driver_sql(_DECIDE, values)).rowcount == 1


async def reword(connection: AsyncConnection, tenant: str, entry_id: UUID, target: str) -> None:
    """Write an entry's target as a person does."""
    await connection.exec_driver_sql(_REWORD, {"tenant": tenant, "id": entry_id, "target": target})


async def remove(connection: AsyncConnection, tenant: str, entry_id: UUID) -> bool:
    """Forget an entry, unless it is vetoed; False if nothing was forgotten."""
    gone = (await connection.exec_driver_sql(_REMOVE, {"tenant": tenant, "id": entry_id})).rowcount == 1
    if gone:
        await connection.exec_driver_sql(_SWEEP_SCOPES, {"tenant": tenant})
    return gone


async def scopes(connection: AsyncConnection, tenant: str, levels: Iterable[ScopeLevel]) -> dict[UUID, Scope]:
    """All scopes of a tenant on some levels."""
    rows = await connection.exec_driver_sql(_FOUND_SCOPES, {"tenant": tenant, "levels": sorted(levels)})
    return {row.id: Scope(row.level, row.name, row.key) for row in rows}


async def entries_of(connection: AsyncConnection, tenant: str, pair: Pair, scope_ids: Iterable[UUID]) -> list[Entry]:
    """The entries of some scopes for a pair of languages."""
    values = {"tenant": tenant, "source": pair.source, "target": pair.target, "scopes": list(scope_ids), "most": MOST_LOADED}
    return await _entries(connection, _OF_SCOPES, values)


async def entry(connection: AsyncConnection, tenant: str, entry_id: UUID) -> Entry | None:
    """One entry."""
    found = await _entries(connection, _BY_ID, {"tenant": tenant, "id": entry_id})
    return found[0] if found else None


async def rivals(connection: AsyncConnection, tenant: str, ids: Iterable[UUID]) -> list[Entry]:
    """Some entries, with all others of their sources and scopes."""
    return await _entries(connection, _RIVALS, {"tenant": tenant, "ids": list(ids)})


async def listed(
    connection: AsyncConnection,
    tenant: str,
    query: KnowledgeQuery,
    *,
    scope_ids: Sequence[UUID] | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Entry]:
    """Entries, the newest first, that are older than some time and id."""
    values = query.model_dump(include={"source_language", "target_language", "kind", "level", "verdict"}) | {
        "tenant": tenant,
        "scopes": None if scope_ids is None else list(scope_ids),
        "text": None if query.text is None else plain(query.text) or query.text.lower(),
        "before": before[0] if before else None,
        "before_id": before[1] if before else None,
        "limit": limit,
    }
    return await _entries(connection, _LISTED, values)


async def contested(connection: AsyncConnection, tenant: str, limit: int) -> list[UUID]:
    """One entry of each source of which several things are said in one scope, and of which nobody decided."""
    return list((await connection.exec_driver_sql(_CONTESTED, {"tenant": tenant, "limit": limit})).scalars())


async def _entries(connection: AsyncConnection, statement: str, values: Mapping[str, object]) -> list[Entry]:
    return [_entry(row) for row in (await connection.exec_driver_sql(statement, dict(values))).mappings()]


def _entry(row: RowMapping) -> Entry:
    return Entry(
        id=row["id"],
        pair=Pair(row["source_language"], row["target_language"]),
        scope=Scope(row["level"], row["name"], row["key"]),
        evidence=tuple(
            Evidence(provenance, work, float(weight), UUID(job_id) if job_id else None, datetime.fromisoformat(at))
            for provenance, work, weight, job_id, at in row["evidence"]
        ),
        sources=tuple(row["sources"]),
        accepted=tuple(row["accepted"]),
        **{
            name: row[name]
            for name in (
                "kind", "source_key", "target", "target_key", "gender", "verdict", "verdict_by", "verdict_at", "created_at", "updated_at",
            )
        },
    )  # fmt: skip


def _key(scope_id: UUID, claim: Claim) -> tuple[str, str, str, str]:
    return str(scope_id), claim.kind, claim.source_key, claim.target_key
