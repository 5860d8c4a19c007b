"""Which ways there are on the machine that transcribes, and how fast it is beside the one where examples were measured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median

from setu_common.contracts import Candidate, InstalledCandidates
from setu_optimizer.domain.prediction.features import Vector
from setu_optimizer.domain.prediction.policy import Expected, scaled
from setu_optimizer.domain.prediction.priors import LANGUAGE, Table, prior, timed
from setu_optimizer.predictors.predictor import Predictor


@dataclass(frozen=True)
class Machine:
    """What the asr service can do.

    Args:
        installed: as it says; None: it has not said.
        clock: how many seconds on the clock jobs took for a second that was expected: processors are shared, or several work at once.
        usd_per_hour: the price of its time; 0: none.
    """

    installed: InstalledCandidates | None = None
    clock: float = 1.0
    usd_per_hour: Decimal = Decimal(0)

    def ways(self, predictor: Predictor, *models: str) -> dict[Candidate, float | None]:
        """Ways by the time factor that was measured on the machine, where it was.

        Args:
            predictor: where the service has not said, what it has learned about is there, of ...
            models: ... these models, which are sure to be there.
        """
        if self.installed is not None:
            return {each.candidate: each.time_factor for each in self.installed.candidates}
        learned = (each.candidate for each in predictor.manifest.candidates)
        return {candidate: None for candidate in learned if candidate.model in models}


@dataclass(frozen=True)
class Recording:
    """What is asked about.

    Args:
        figures: in the order of FEATURES.
        duration_s: of it.
        language: that is spoken in it.
    """

    figures: Vector
    duration_s: float
    language: str


def expected_of(
    recording: Recording, predictor: Predictor, ways: dict[Candidate, float | None], table: Table
) -> list[Expected]:
    """What is expected of each way that there is, learned or taken from published tables.

    A way that differs from one that was learned about in its batches and numbers alone makes the errors of that one; times are as many
    times as long as learned ones as what was measured on the machine says, or just what was measured where no time was learned.

    Args:
        recording: what is asked about.
        predictor: what was learned.
        ways: by the time factor that was measured on the machine; None: it was not.
        table: what is published of models.
    """
    speaking = {
        way: factor for way, factor in ways.items() if way.model in table and table[way.model].size.knows(recording.language)
    }
    pairs = [(way, learned) for way in speaking if (learned := _learned(way, predictor)) is not None]
    speed = _speed(pairs, speaking, predictor)
    asked = list(dict.fromkeys(learned for _, learned in pairs))
    answers = predictor.expect(recording.figures, recording.duration_s, asked) if asked else []
    known = dict(zip(asked, answers, strict=True))
    found: list[Expected] = []
    for way, learned in pairs:
        factor, usual = speaking[way], predictor.time_factor(learned)
        if factor and not usual:
            found.append(replace(timed(known[learned], factor * recording.duration_s), candidate=way))
        elif usual and (factor or way == learned):
            times = factor / usual if factor else speed
            found.append(replace(scaled(known[learned], times), candidate=way))
        # Else nobody knows how long it takes.
    return found + (_priors(found, speaking, predictor, table) if recording.language == LANGUAGE else [])


def _learned(way: Candidate, predictor: Predictor) -> Candidate | None:
    """The way that was learned about and makes the same errors: this one, or one with other batches or numbers."""
    if predictor.knows(way):
        return way
    same = (way.engine, way.model, way.beam_size)
    alike = (each.candidate for each in predictor.manifest.candidates)
    return next((each for each in alike if predictor.knows(each) and (each.engine, each.model, each.beam_size) == same), None)


def _speed(pairs: Sequence[tuple[Candidate, Candidate]], ways: dict[Candidate, float | None], predictor: Predictor) -> float:
    """How many times as long the machine takes as the one where examples were measured; 1 where that is not known."""
    ratios = [
        factor / usual
        for way, learned in pairs
        if way == learned and (factor := ways[way]) and (usual := predictor.time_factor(learned))
    ]
    return median(ratios) if ratios else 1.0


def _priors(
    found: Sequence[Expected], ways: dict[Candidate, float | None], predictor: Predictor, table: Table
) -> list[Expected]:
    """Ways whose models nobody has learned about, or not how long they take, in proportion to the largest one that was."""
    if not found:
        return []
    timed_models = {each.candidate.model for each in predictor.manifest.candidates if each.time_factor}
    learned_models = timed_models | {each.candidate.model for each in found}
    largest = max(found, key=lambda each: (table[each.candidate.model].size.parameters_m, each.candidate.beam_size))
    taken = []
    for way, factor in ways.items():
        if way.model in learned_models:
            continue
        alike = [each for each in found if each.candidate.model == largest.candidate.model]
        anchor = next((each for each in alike if each.candidate.beam_size == way.beam_size), largest)
        usual = ways[anchor.candidate]
        taken.append(prior(way, anchor, table, factor / usual if factor and usual else None))
    return taken
