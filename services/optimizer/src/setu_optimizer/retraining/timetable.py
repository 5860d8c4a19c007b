"""When models are trained: once a week, however many processes think of it.

Each API process looks from time to time and submits the week's training under the week's name: the same key gives the same operation, so
that it is done once. Nobody has to beat.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final

import structlog

from setu_common.contracts import Submission
from setu_common.db import Database
from setu_common.errors import SetuError
from setu_common.operations import Operations
from setu_optimizer.predictors.registry import EVERYBODY
from setu_optimizer.retraining import repository
from setu_optimizer.retraining.kinds import AFTER_LESSONS, RETRAININGS, RetrainingRequest
from setu_optimizer.retraining.retrainer import FEWEST_NEW

LOOK_EVERY_S: Final = 3600.0

log = structlog.get_logger()


class Timetable:
    """Has the regular trainings done.

    Args:
        operations: the optimizer's own.
        database: the optimizer's.
    """

    def __init__(self, operations: Operations, database: Database) -> None:
        self._operations = operations
        self._database = database

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look(datetime.now(UTC))
            except SetuError as error:
                log.warning("retraining.postponed", reason=error.detail)
            except Exception:
                # A defect must not end it for as long as the API lives: the log says what to mend.
                log.exception("retraining.timetable_crashed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, now: datetime) -> bool:
        """Submit the week's training if there is anything new to learn; gives whether there is one for this week.

        Args:
            now: when this is.
        """
        week = week_of(now)
        async with self._database.reading() as connection:
            last = await repository.last(connection)
            if last is not None and week_of(last) == week:
                return True
            if await repository.new_observations(connection, last) < FEWEST_NEW:
                return False
        submission = Submission(tenant=EVERYBODY, idempotency_key=f"retraining/{week}", priority=AFTER_LESSONS)
        await self._operations.submit(RETRAININGS, RetrainingRequest(week=week), submission)
        return True


def week_of(moment: datetime) -> str:
    """The ISO week of a moment, as 2026-W48."""
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02d}"
