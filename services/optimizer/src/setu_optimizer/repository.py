"""Models that predict, in the database. They are everybody's: what is learned of sound and machines is no tenant's own."""

from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import Reference

_FIELDS: Final = "id, name, state, uri, bytes, media_type, manifest, verdict, replaced, created_at, changed_at"
# Whoever promotes or rolls back waits for whoever does so: there may be no row yet that could be locked.
_LOCK: Final[LiteralString] = "SELECT pg_advisory_xact_lock(hashtext('setu-optimizer-champion'))"
_CHAMPION: Final[LiteralString] = f"SELECT {_FIELDS} FROM predictor WHERE state = 'champion'"  # noqa: S608 no value is in it
_NEWEST: Final[LiteralString] = f"SELECT {_FIELDS} FROM predictor ORDER BY created_at DESC, id LIMIT %(limit)s"  # noqa: S608 likewise
_CHANGE: Final[LiteralString] = "UPDATE predictor SET state = %(state)s, changed_at = now() WHERE id = %(id)s"
_ADD: Final[LiteralString] = """
INSERT INTO predictor (name, state, uri, bytes, media_type, manifest, verdict, replaced)
VALUES (%(name)s, %(state)s, %(uri)s, %(bytes)s, %(media_type)s, %(manifest)s, %(verdict)s, %(replaced)s)
"""
_WENT_BACK: Final[LiteralString] = "SELECT max(changed_at) FROM predictor WHERE state = 'rolled-back'"
_CLOCK: Final[LiteralString] = """
SELECT CASE WHEN count(*) >= %(fewest)s THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY model_time_s / expected_time_s) END
FROM (SELECT model_time_s, expected_time_s FROM observation WHERE source = 'job' AND model_time_s > 0 AND expected_time_s > 0
    AND created_at > now() - make_interval(days => %(days)s) ORDER BY created_at DESC LIMIT %(most)s) AS late
"""
RETIRE: Final[LiteralString] = """
DELETE FROM predictor WHERE id IN (
    SELECT id FROM predictor WHERE state <> 'champion' AND id NOT IN (SELECT replaced FROM predictor WHERE replaced IS NOT NULL)
    ORDER BY created_at DESC OFFSET 50 LIMIT 1000)
"""
"""Of models that are asked no more the last 50 are kept, and those that can be gone back to."""
NAMED: Final[LiteralString] = "SELECT uri FROM predictor WHERE uri = ANY(%(uris)s)"
"""Objects that hold models."""

Model = Row[Any]
"""Any: a row of ``predictor``."""


async def lock(connection: AsyncConnection) -> None:
    """Let nobody else promote or roll back until the transaction ends."""
    await connection.exec_driver_sql(_LOCK)


async def champion(connection: AsyncConnection) -> Model | None:
    """The model that is asked; None: the one that is shipped."""
    return (await connection.exec_driver_sql(_CHAMPION)).one_or_none()


async def went_back_at(connection: AsyncConnection) -> datetime | None:
    """When somebody went back last to the model before; None: nobody did."""
    found: datetime | None = (await connection.exec_driver_sql(_WENT_BACK)).scalar()
    return found


async def clock(connection: AsyncConnection, days: int, *, fewest: int, most: int) -> float | None:
    """The median of what the last days' jobs took on the clock for a second that was expected of them; None: too few are known."""
    found: float | None = (await connection.exec_driver_sql(_CLOCK, {"days": days, "fewest": fewest, "most": most})).scalar()
    return found


async def newest(connection: AsyncConnection, limit: int) -> list[Model]:
    """The last models, newest first."""
    return list((await connection.exec_driver_sql(_NEWEST, {"limit": limit})).all())


async def change(connection: AsyncConnection, model_id: UUID, state: str) -> None:
    """Say what a model is now."""
    await connection.exec_driver_sql(_CHANGE, {"id": model_id, "state": state})


async def add(
    connection: AsyncConnection,
    *,
    name: str,
    state: str,
    file: Reference,
    manifest: dict[str, Any],  # Any: JSON
    verdict: str,
    replaced: UUID | None,
) -> None:
    """Keep a model."""
    values = {
        "name": name,
        "state": state,
        "uri": file.uri,
        "bytes": file.bytes,
        "media_type": file.media_type,
        "manifest": Jsonb(manifest),
        "verdict": verdict,
        "replaced": replaced,
    }
    await connection.exec_driver_sql(_ADD, values)
