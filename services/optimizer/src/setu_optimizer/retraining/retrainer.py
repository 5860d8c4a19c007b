"""The kind ``retrainings``: a challenger is trained, tried against the champion on what neither has learned from, and offered."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog

from setu_common.db import Database
from setu_common.operations import Work
from setu_common.store import ObjectMissing
from setu_optimizer.domain.observing.labels import example_of
from setu_optimizer.domain.observing.lessons import Lessons, averages, decisive, lessons_of
from setu_optimizer.domain.prediction.comparison import Comparison, Guess, compare, coverage_of
from setu_optimizer.domain.prediction.examples import Example
from setu_optimizer.domain.prediction.features import Sizes
from setu_optimizer.domain.prediction.priors import Table
from setu_optimizer.errors import ModelUnusable, TooLittleToLearnFrom
from setu_optimizer.observing.repository import seen
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.registry import Kept, Predictors
from setu_optimizer.predictors.training import train
from setu_optimizer.retraining import repository
from setu_optimizer.retraining.kinds import Retrained, RetrainingRequest

MOST: Final = 20_000
"""Observations that are learned from, the newest."""
FEWEST_NEW: Final = 20
"""Observations since the last time, below which the regular training of a week is left out."""
KIND: Final = "retrained"

log = structlog.get_logger()

Measured = Callable[[], tuple[list[Example], list[Example]]]


class Retrainer:
    """Trains challengers.

    Args:
        database: the optimizer's.
        predictors: knows the champion, and takes offers.
        measured: gives what was measured: to learn from, and to be tried on.
        table: what is known of models.
    """

    def __init__(self, database: Database, predictors: Predictors, measured: Measured, table: Table) -> None:
        self._database = database
        self._predictors = predictors
        self._measured = measured
        self._table = table

    async def retrain(self, request: RetrainingRequest, work: Work) -> Retrained:
        """The handler.

        Raises:
            TooLittleToLearnFrom: there are too few examples.
            Conflict: another model was promoted meanwhile.
        """
        async with self._database.reading() as connection:
            earlier = await repository.done(connection, work.operation_id)
            fresh = await repository.new_observations(connection, await repository.last(connection))
            observed = [example_of(each) for each in await seen(connection, MOST)]
        if earlier is not None:
            return _told(earlier)
        kept = await self._predictors.champion()
        if request.week and (verdict := await self._held_back(kept)):
            return Retrained(champion=kept.name, verdict=verdict, observation_count=len(observed))
        if request.week and fresh < FEWEST_NEW:
            verdict = f"Nothing was trained: {fresh} jobs are new since the last time, and {FEWEST_NEW} are worth it."
            return Retrained(champion=kept.name, verdict=verdict, observation_count=len(observed))
        lessons = lessons_of(*self._measured(), observed, self._table.keys())
        if not lessons.measured and not lessons.observed:
            raise TooLittleToLearnFrom("There is nothing that a new model could be tried on. Is the measured table shipped?")
        champion, why = await self._champion(kept, lessons)
        work.progress(0.1, "training")
        data = await work.in_thread(self._trained, lessons, len(observed))
        work.progress(0.8, "comparing")
        challenger = Predictor.read(data, self._table)
        comparison = await work.in_thread(_compared, champion, challenger, lessons)
        offer = await self._predictors.prepare(data, comparison, against=kept)
        told = {
            "champion": kept.name,
            "challenger": challenger.manifest.name,
            "observations": len(observed),
            "examples": len(lessons.taught),
            "held": len(lessons.measured) + len(lessons.observed),
            "promoted": comparison.better,
            "verdict": f"{comparison.verdict}{why}",
        }
        # Both or neither: a model that was promoted without a record would be trained and offered once more.
        async with self._database.transaction() as connection:
            await self._predictors.offer_in(connection, offer)
            await repository.keep(connection, work.operation_id, **told)
            row = await repository.done(connection, work.operation_id)
        log.info("retraining.done", **told)
        assert row is not None  # noqa: S101  it was just written
        return _told(row)

    async def _champion(self, kept: Kept, lessons: Lessons) -> tuple[Guess, str]:
        """What the challenger is set against: the model that is asked, or each way's mean where that can't be used."""
        try:
            return Predictor.read(await self._predictors.data(kept), self._table).guess, ""
        except (ModelUnusable, ObjectMissing) as error:
            log.warning("retraining.no_champion", reason=error.detail)
            return averages(lessons.taught), f" It was set against averages, since the model {kept.name} can't be used."

    async def _held_back(self, kept: Kept) -> str:
        """Why no model may be promoted unasked: somebody went back, and nothing that is known speaks against that yet."""
        since = await self._predictors.went_back_at(kept)
        if since is None:
            return ""
        async with self._database.reading() as connection:
            if await repository.known_since(connection, since):
                return ""
        return (
            f"Nothing was trained: somebody went back to this model on {since:%Y-%m-%d}, and no error rate has become known since. "
            "`setu optimizer retrain` trains one all the same."
        )

    def _trained(self, lessons: Lessons, observed: int) -> bytes:
        sizes: Sizes = {name: published.size for name, published in self._table.items()}
        said = f"the measured table and {observed} observed jobs"
        return train(lessons.taught, sizes, kind=KIND, description=said, now=datetime.now(UTC))


def _compared(champion: Guess, challenger: Predictor, lessons: Lessons) -> Comparison:
    measured: Sequence[Example] = lessons.measured
    guess = challenger.guess
    on_all = compare(champion, guess, (*measured, *lessons.observed))
    decided = decisive(on_all, compare(champion, guess, measured) if measured else None)
    return replace(decided, coverage=coverage_of(challenger.ranges, measured) if measured else None)


def _told(row: repository.Training) -> Retrained:
    return Retrained(
        champion=row.champion,
        challenger=row.challenger,
        promoted=row.promoted,
        verdict=row.verdict,
        observation_count=row.observations,
        example_count=row.examples,
        held_count=row.held,
    )
