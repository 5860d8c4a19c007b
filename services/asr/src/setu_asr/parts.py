"""Answers of hosted recognisers, kept in rows of their operation: they go with its end."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

import structlog

from setu_common.cost import attribution
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Ending, Statement

_FIND: Final[LiteralString] = "SELECT answer FROM heard_part WHERE operation_id = %(operation_id)s AND likeness = %(likeness)s"
# Of an operation that was erased meanwhile nothing is kept.
_KEEP: Final[LiteralString] = """
INSERT INTO heard_part (operation_id, likeness, answer)
SELECT id, %(likeness)s, %(answer)s FROM operation WHERE id = %(operation_id)s
ON CONFLICT (operation_id, likeness) DO NOTHING
"""
_FORGET: Final[LiteralString] = "DELETE FROM heard_part WHERE operation_id = %(operation_id)s"

log = structlog.get_logger()


class OperationParts:
    """See `setu_asr.engines.parts.Parts`. The operation is the one that calls are put down to.

    Args:
        database: the asr service's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, likeness: str) -> str | None:
        """See ``Parts``."""
        operation_id = _at_hand()
        if operation_id is None:
            return None
        try:
            async with self._database.reading() as connection:
                values = {"operation_id": operation_id, "likeness": likeness}
                row = (await connection.exec_driver_sql(_FIND, values)).first()
        except DependencyUnavailable as error:
            log.warning("part.not_found", reason=error.detail)
            return None
        return None if row is None else str(row.answer)

    async def keep(self, likeness: str, answer: str) -> None:
        """See ``Parts``."""
        operation_id = _at_hand()
        if operation_id is None:
            return
        values = {"operation_id": operation_id, "likeness": likeness, "answer": answer}
        try:
            async with self._database.transaction() as connection:
                await connection.exec_driver_sql(_KEEP, values)
        except DependencyUnavailable as error:
            log.warning("part.not_kept", reason=error.detail)


def forgotten(ending: Ending) -> Sequence[Statement]:
    """What is written with an operation's end: nobody attempts it again."""
    return [(_FORGET, {"operation_id": ending.operation.id})]


def _at_hand() -> UUID | None:
    to = attribution()
    return None if to is None else to.operation_id
