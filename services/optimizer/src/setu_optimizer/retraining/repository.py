"""When models were trained, in the database. Each function works on a connection whose transaction is the caller's."""

from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

_FIELDS: Final = "id, trained_at, champion, challenger, observations, examples, held, promoted, verdict"
_DONE: Final[LiteralString] = f"SELECT {_FIELDS} FROM retraining WHERE id = %(id)s"  # noqa: S608 no value is in it
_NEWEST: Final[LiteralString] = f"SELECT {_FIELDS} FROM retraining ORDER BY trained_at DESC LIMIT %(limit)s"  # noqa: S608 likewise
_LAST: Final[LiteralString] = "SELECT max(trained_at) FROM retraining"
_KEEP: Final[LiteralString] = """
INSERT INTO retraining (id, champion, challenger, observations, examples, held, promoted, verdict)
VALUES (%(id)s, %(champion)s, %(challenger)s, %(observations)s, %(examples)s, %(held)s, %(promoted)s, %(verdict)s)
ON CONFLICT (id) DO NOTHING
"""
_NEW: Final[LiteralString] = """
SELECT count(*) FROM observation
WHERE wer IS NOT NULL AND source <> 'second-candidate' AND updated_at > coalesce(%(since)s::timestamptz, '-infinity')
"""
_KNOWN_SINCE: Final[LiteralString] = """
SELECT EXISTS (SELECT FROM observation WHERE wer_basis = 'known' AND source <> 'second-candidate' AND updated_at > %(since)s)
"""

Training = Row[Any]
"""Any: a row of ``retraining``."""


async def done(connection: AsyncConnection, operation_id: UUID) -> Training | None:
    """What an operation trained, if it did."""
    return (await connection.exec_driver_sql(_DONE, {"id": operation_id})).one_or_none()


async def newest(connection: AsyncConnection, limit: int) -> list[Training]:
    """The last trainings, newest first."""
    return list((await connection.exec_driver_sql(_NEWEST, {"limit": limit})).all())


async def last(connection: AsyncConnection) -> datetime | None:
    """When a model was trained last."""
    found: datetime | None = (await connection.exec_driver_sql(_LAST)).scalar()
    return found


async def new_observations(connection: AsyncConnection, since: datetime | None) -> int:
    """How many observations came, or were corrected, since then."""
    found: int = (await connection.exec_driver_sql(_NEW, {"since": since})).scalar_one()
    return found


async def known_since(connection: AsyncConnection, since: datetime) -> bool:
    """Whether an error rate has become known since then, by a correction or as a past job's."""
    found: bool = (await connection.exec_driver_sql(_KNOWN_SINCE, {"since": since})).scalar_one()
    return found


async def keep(connection: AsyncConnection, operation_id: UUID, **told: object) -> None:
    """Write down what came of a training; once for each operation."""
    await connection.exec_driver_sql(_KEEP, {"id": operation_id, **told})
