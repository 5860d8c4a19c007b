"""What transcriptions and edits of jobs came to, in the database; and what that suggests.

The ledger is only read. Functions that take a connection work in their caller's transaction.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import Candidate, Forecast
from setu_common.contracts.suggestions import Suggestions
from setu_common.db import Database
from setu_optimizer.domain.saving import (
    Edited,
    Transcribed,
    cheaper_providers,
    heard_twice,
    rarely_kept,
    replay,
    smaller_models,
)

MOST: Final = 20_000
_SAID: Final = frozenset({"expected_wer", "expected_time_s", "source", "explanation"})
"""What a plan says of itself, which changes nothing of what is heard."""
_FORGET: Final[LiteralString] = "DELETE FROM edit_outcome WHERE tenant = %(tenant)s AND job_id = %(job_id)s"
_KEEP: Final[LiteralString] = """
INSERT INTO edit_outcome (tenant, job_id, language, provider, model, reason, lines, kept, gain, gain_squares, cost_usd)
SELECT %(tenant)s, %(job_id)s, told.language, told.provider, told.model, told.reason, told.lines, told.kept, told.gain, told.gain_squares,
    told.cost_usd
FROM jsonb_to_recordset(%(edits)s) AS told (language text, provider text, model text, reason text, lines integer, kept integer,
    gain double precision, gain_squares double precision, cost_usd numeric)
ON CONFLICT (tenant, job_id, language, provider, model, reason) DO NOTHING
"""
_TRANSCRIBED: Final[LiteralString] = """
SELECT o.candidate, o.language, o.plan, o.prediction -> 'forecasts' AS forecasts, o.sound, o.model_time_s, o.wer_basis = 'known' AS known,
    (SELECT sum(c.usd) FROM ledger.call c WHERE c.tenant = o.tenant AND c.job_id = o.job_id AND c.stage = 'transcriptions') AS usd
FROM observation o
WHERE o.tenant = %(tenant)s AND o.source = 'job' AND o.created_at > now() - make_interval(days => %(days)s)
ORDER BY o.created_at DESC, o.id LIMIT %(most)s
"""
_EDITED: Final[LiteralString] = """
SELECT provider, model, reason, sum(lines)::int AS lines, sum(kept)::int AS kept, sum(gain) AS gain, sum(gain_squares) AS gain_squares,
    CASE WHEN bool_or(cost_usd IS NULL) THEN NULL ELSE sum(cost_usd) END AS cost_usd, array_agg(DISTINCT job_id) AS jobs
FROM edit_outcome WHERE tenant = %(tenant)s AND observed_at > now() - make_interval(days => %(days)s)
GROUP BY provider, model, reason
"""


async def keep_edits(connection: AsyncConnection, tenant: str, job_id: UUID, edits: Iterable[tuple[str, Edited]]) -> None:
    """Keep what the edits of a job's texts came to, each with its language, in place of what was kept of it before."""
    told = [
        {
            "language": language,
            "provider": each.provider,
            "model": each.model,
            "reason": each.reason,
            "lines": each.lines,
            "kept": each.kept,
            "gain": each.gain,
            "gain_squares": each.gain_squares,
            "cost_usd": None if each.cost_usd is None else str(each.cost_usd),
        }
        for language, each in edits
    ]
    await connection.exec_driver_sql(_FORGET, {"tenant": tenant, "job_id": job_id})
    if told:
        await connection.exec_driver_sql(_KEEP, {"tenant": tenant, "job_id": job_id, "edits": Jsonb(told)})


class Spending:
    """Says what a tenant could have had for less.

    Args:
        database: the optimizer's, with the ledger in it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def suggestions(self, tenant: str, days: int) -> Suggestions:
        """What the last days' jobs suggest, the largest saving first, those without a price by the time that they save."""
        values = {"tenant": tenant, "days": days, "most": MOST}
        async with self._database.reading() as connection:
            rows = (await connection.exec_driver_sql(_TRANSCRIBED, values)).all()
            found = (await connection.exec_driver_sql(_EDITED, values)).mappings()
            edits = [Edited(**(row | {"jobs": frozenset(row["jobs"])})) for row in map(dict, found)]
        return await asyncio.to_thread(_suggestions, rows, edits, days)


def _suggestions(rows: Sequence[Row[Any]], edits: Sequence[Edited], days: int) -> Suggestions:  # Any: an observation
    jobs = [_transcribed(row) for row in rows]
    smaller, saved = smaller_models(jobs)
    found = [*smaller, *heard_twice(jobs), *rarely_kept(edits), *cheaper_providers(edits)]
    ranked = sorted(found, key=lambda each: (-(each.saving_usd or Decimal(0)), -each.saving_s, each.said))
    heard_usd = sum((job.cost_usd for job in jobs if job.cost_usd is not None), Decimal(0))
    edited_usd = sum((each.cost_usd for each in edits if each.cost_usd is not None), Decimal(0))
    return Suggestions(
        days=days,
        jobs=len(jobs),
        cost_usd=heard_usd + edited_usd,
        suggestions=tuple(ranked),
        replayed=replay(saved, heard_usd, sum(job.time_s or 0.0 for job in jobs), len(jobs)),
    )


def _transcribed(row: Row[Any]) -> Transcribed:  # Any: an observation
    plan = {name: value for name, value in row.plan.items() if name not in _SAID}
    return Transcribed(
        candidate=Candidate.model_validate(row.candidate),
        forecasts=tuple(Forecast.model_validate(each) for each in row.forecasts or ()),
        sound=row.sound,
        way=json.dumps([row.language, plan], sort_keys=True),
        time_s=row.model_time_s,
        cost_usd=row.usd,
        known=bool(row.known),
    )
