"""A prediction from a model that has been loaded: the ways, the choice, the plan, and why."""

from typing import Final

from setu_common.contracts import AsrOverrides, AsrPlan, Forecast, Prediction, PredictionRequest
from setu_optimizer.domain.prediction.features import vector_of
from setu_optimizer.domain.prediction.plans import candidate_of, overridden
from setu_optimizer.domain.prediction.policy import Choice, Expected, Weighed, Wishes, choose, named, priced
from setu_optimizer.domain.prediction.priors import Table
from setu_optimizer.predictors.machine import Machine, Recording, expected_of
from setu_optimizer.predictors.predictor import Predictor

GOOD: Final = 0.1
USELESS: Final = 0.6
"""Errors per word. A range that begins below the one and ends above the other says nothing: the transcript may be good, or of no use."""


def answer(request: PredictionRequest, predictor: Predictor, machine: Machine, table: Table, default: AsrPlan) -> Prediction:
    """Say how a recording is best transcribed.

    Args:
        request: what is asked.
        predictor: what was learned.
        machine: what the asr service can do.
        table: what is published of models.
        default: the plan where nothing is predicted.
    """
    profile, probe = request.profile, request.probe
    language = request.language or profile.language
    if language is None or not profile.speech_ratio:
        return abstained(request, default, "Nobody is heard to speak in it." if language else "Its language is not known.")
    recording = Recording(vector_of(profile, probe), profile.duration_s, language)
    if why := predictor.strange(recording.figures, language):
        return abstained(request, default, f"The recording is out of experience: {why}.", predictor)
    ways = machine.ways(predictor, default.model, *([probe.model] if probe is not None else []))
    expected = [priced(each, machine.usd_per_hour) for each in expected_of(recording, predictor, ways, table)]
    if not expected:
        return abstained(request, default, "None of the ways that were learned about is installed.", predictor)
    wishes = Wishes(request.quality, request.target_wer, request.deadline_s, request.budget_usd, machine.clock)
    choice = choose(expected, profile.duration_s, wishes)
    forecasts = tuple(_forecast(each) for each in choice.weighed)
    chosen = choice.chosen.expected
    if chosen.wer_low < GOOD and chosen.wer_high > USELESS:
        ends = f"{100 * chosen.wer_low:.0f} to {100 * chosen.wer_high:.0f} errors in 100 words"
        why = f"What can be expected is too uncertain: {ends} with {named(chosen.candidate)}."
        return abstained(request, default, why, predictor).model_copy(update={"forecasts": forecasts})
    plan = _planned(request.overrides, choice, default)
    taken = next((each for each in expected if each.candidate == candidate_of(plan)), None)
    # A prior's reasons are those of the model that it is set against.
    reasons = predictor.reasons(recording.figures, taken.candidate) if taken and predictor.knows(taken.candidate) else ()
    return Prediction(
        plan=plan, quality=request.quality, forecasts=forecasts, reasons=reasons, predictor=predictor.manifest.name
    )


def abstained(request: PredictionRequest, default: AsrPlan, why: str, predictor: Predictor | None = None) -> Prediction:
    """The default plan, with the caller's wishes in it, and why nothing was predicted.

    Args:
        request: what was asked.
        default: the plan.
        why: as a sentence.
        predictor: the model that would have been asked.
    """
    why = why or "Nobody has said why."
    plan = default.model_copy(update={"explanation": f"The default plan, since nothing is predicted. {why}"})
    name = predictor.manifest.name if predictor is not None else ""
    return Prediction(plan=overridden(plan, request.overrides), quality=request.quality, abstained=why, predictor=name)


def _planned(overrides: AsrOverrides, choice: Choice, default: AsrPlan) -> AsrPlan:
    """The plan of what was chosen, with the caller's wishes in it, and what is expected of it."""
    plan = overridden(_plan(choice.chosen.expected, default, choice.because), overrides)
    if plan.source != "override":
        return plan
    asked = candidate_of(plan)
    known = next((each.expected for each in choice.weighed if each.expected.candidate == asked), None)
    return plan if known is None else plan.model_copy(update=_figures(known))


def _plan(chosen: Expected, default: AsrPlan, because: str) -> AsrPlan:
    points = f"{100 * chosen.wer:.1f} errors in 100 words ({100 * chosen.wer_low:.1f} to {100 * chosen.wer_high:.1f})"
    source = " by published tables" if chosen.prior else ""
    said = f"{named(chosen.candidate)} is expected{source} to make {points} in {chosen.time_s:.0f} s; {because}."
    way = chosen.candidate.model_dump()
    return default.model_copy(update={**way, **_figures(chosen), "source": "predicted", "explanation": said})


def _figures(expected: Expected) -> dict[str, float]:
    return {"expected_wer": round(expected.wer, 4), "expected_time_s": round(expected.time_s, 2)}


def _forecast(weighed: Weighed) -> Forecast:
    way = weighed.expected
    return Forecast(
        candidate=way.candidate,
        expected_wer=round(way.wer, 4),
        wer_low=round(way.wer_low, 4),
        wer_high=round(way.wer_high, 4),
        expected_time_s=round(way.time_s, 2),
        time_low_s=round(way.time_low_s, 2),
        time_high_s=round(way.time_high_s, 2),
        cost_usd=way.cost_usd,
        utility=round(weighed.utility, 5),
        basis="prior" if way.prior else "measured",
        ruled_out=weighed.ruled_out,
    )
