"""A prediction in any case: from the model, or the default plan with the reason."""

import asyncio
import threading
import time
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import pytest

from setu_common.contracts import (
    AsrOverrides,
    AsrPlan,
    AudioProbe,
    AudioProfile,
    Candidate,
    InstalledCandidate,
    InstalledCandidates,
    PredictionRequest,
)
from setu_common.errors import DependencyUnavailable
from setu_optimizer.domain.prediction.features import FEATURES
from setu_optimizer.errors import ModelUnusable
from setu_optimizer.predictors.answering import abstained, answer
from setu_optimizer.predictors.bundle import MANIFEST, unpacked
from setu_optimizer.predictors.champion import Champion
from setu_optimizer.predictors.machine import Machine
from setu_optimizer.predictors.predictor import Predictor
from setu_optimizer.predictors.registry import SHIPPED, Kept
from setu_optimizer.predictors.tables import published
from setu_optimizer.predictors.training import train
from setu_optimizer.service import Predictions
from testbed.hearings import BASE_5, FACTORS, SIZES, TINY, WAYS, figures_of, heard

pytestmark = pytest.mark.timeout(400)  # a model is trained for all of them, with whatever the machine has left
DEFAULT = AsrPlan(model="whisper-base", redecode=False)
TABLE = published()
NEVER = DependencyUnavailable("nobody answers")


def asked(hardness: float = 0.05, **wishes) -> PredictionRequest:
    """A recording that is so hard to hear, and what its caller wants."""
    figures = zip((feature.name for feature in FEATURES), figures_of(hardness, np.random.default_rng(4)).tolist(), strict=True)
    known = dict(figures)
    probe = AudioProbe.model_validate(
        {
            "model": "whisper-tiny.en",
            "heard_s": 20,
            **{n.removeprefix("probe_"): v for n, v in known.items() if n.startswith("probe_")},
        }
    )
    profile = AudioProfile.model_validate(
        {"track": "0", "language": "en", **{n: v for n, v in known.items() if not n.startswith("probe_")}}
    )
    return PredictionRequest.model_validate({"profile": profile, "probe": probe, **wishes})


def installed(*ways: Candidate, factors=FACTORS) -> Machine:
    listed = [InstalledCandidate(candidate=way, time_factor=factors.get(way)) for way in ways]
    return Machine(InstalledCandidates(candidates=tuple(listed)))


def test_easy_recordings_get_the_small_model_and_hard_ones_the_large_one(predictor):
    easy = answer(asked(0.05), predictor, installed(*WAYS), TABLE, DEFAULT)
    hard = answer(asked(0.85), predictor, installed(*WAYS), TABLE, DEFAULT)
    assert easy.plan.model == "whisper-tiny.en"
    assert hard.plan.model == "whisper-base"
    for prediction in (easy, hard):
        assert prediction.plan.source == "predicted"
        assert prediction.abstained == ""
        assert prediction.predictor == predictor.manifest.name
        assert {forecast.candidate for forecast in prediction.forecasts} == set(WAYS)
        assert prediction.forecasts[0].expected_wer == prediction.plan.expected_wer
        assert prediction.plan.redecode is False  # what is not predicted stays as it is by default
        assert prediction.reasons
    assert "errors in 100 words" in hard.plan.explanation


def test_what_is_not_installed_is_never_chosen(predictor):
    prediction = answer(asked(0.05), predictor, installed(BASE_5), TABLE, DEFAULT)
    assert [forecast.candidate for forecast in prediction.forecasts] == [BASE_5]
    none = answer(asked(), predictor, installed(), TABLE, DEFAULT)
    assert none.abstained == "None of the ways that were learned about is installed."
    assert none.plan.model == DEFAULT.model


def test_where_the_asr_service_has_not_said_what_is_installed_the_default_model_and_the_probes_are(predictor):
    request = asked()
    assert {f.candidate.model for f in answer(request, predictor, Machine(), TABLE, DEFAULT).forecasts} == {
        "whisper-base", "whisper-tiny.en",
    }  # fmt: skip
    unprobed = request.model_copy(update={"probe": None})
    assert {f.candidate.model for f in answer(unprobed, predictor, Machine(), TABLE, DEFAULT).forecasts} == {"whisper-base"}


def test_times_are_those_of_the_machine_as_far_as_it_was_measured(predictor):
    slow = {way: 3 * factor for way, factor in FACTORS.items()}
    here = answer(asked(), predictor, installed(*WAYS), TABLE, DEFAULT)
    there = answer(asked(), predictor, installed(*WAYS, factors=slow), TABLE, DEFAULT)
    partly = answer(asked(), predictor, installed(*WAYS, factors={TINY: slow[TINY]}), TABLE, DEFAULT)
    for other in (there, partly):
        times = {forecast.candidate: forecast.expected_time_s for forecast in other.forecasts}
        for forecast in here.forecasts:
            assert times[forecast.candidate] == pytest.approx(3 * forecast.expected_time_s, rel=0.15)


def test_other_batches_and_numbers_make_the_same_errors_in_the_time_that_was_measured(predictor):
    gpu = Candidate(model="whisper-base", beam_size=5, batch_size=16, compute_type="float16")
    unmeasured = gpu.model_copy(update={"batch_size": 4})
    machine = installed(BASE_5, gpu, unmeasured, factors=FACTORS | {gpu: 0.01})
    prediction = answer(asked(), predictor, machine, TABLE, DEFAULT)
    known = {forecast.candidate: forecast for forecast in prediction.forecasts}
    assert known.keys() == {BASE_5, gpu}
    assert known[gpu].expected_wer == known[BASE_5].expected_wer
    assert known[gpu].expected_time_s < known[BASE_5].expected_time_s / 10
    assert (prediction.plan.compute_type, prediction.plan.batch_size) == ("float16", 16)


def test_models_that_nobody_measured_are_weighed_by_published_tables_and_say_so(predictor):
    large = Candidate(model="whisper-large-v3", beam_size=5)
    machine = installed(*WAYS, large, factors=dict.fromkeys(WAYS, 0.01) | {large: 0.05})
    prediction = answer(asked(0.9, quality="quality"), predictor, machine, TABLE, DEFAULT)
    forecast = next(each for each in prediction.forecasts if each.candidate == large)
    base = next(each for each in prediction.forecasts if each.candidate == BASE_5)
    assert (forecast.basis, base.basis) == ("prior", "measured")
    assert forecast.expected_wer == pytest.approx(base.expected_wer * 4.5 / 12.4, rel=0.01)
    assert forecast.expected_time_s == pytest.approx(5 * base.expected_time_s, rel=0.02)
    assert prediction.plan.model == "whisper-large-v3"
    assert "by published tables" in prediction.plan.explanation
    slow = answer(asked(0.9), predictor, installed(*WAYS, large), TABLE, DEFAULT)  # 21 times as many parameters
    assert slow.plan.model == "whisper-base"


@pytest.mark.usefixtures("soon_trained_here")
def test_a_way_whose_errors_alone_were_learned_takes_what_was_measured_on_the_machine():
    large = Candidate(model="whisper-large-v3", beam_size=5)
    jobs = [
        replace(each, candidate=large, time_factor=None, recording=f"job {each.recording}")
        for each in heard(30, seed=3, ways=(BASE_5,))
    ]
    data = train([*heard(20, seed=1), *jobs], SIZES, kind="x", description="", now=datetime(2026, 11, 26, tzinfo=UTC))
    predictor = Predictor.read(data, TABLE)
    request = asked()
    for factor, basis, least in ((2.4, "measured", 2.4), (None, "prior", 1.0)):
        machine = installed(*WAYS, large, factors=FACTORS | {large: factor})
        known = {each.candidate: each for each in answer(request, predictor, machine, TABLE, DEFAULT).forecasts}
        assert known[large].basis == basis
        assert known[large].expected_time_s >= least * request.profile.duration_s - 0.01
        assert known[large].time_low_s < known[large].expected_time_s < known[large].time_high_s
        if factor:
            assert known[large].expected_time_s == pytest.approx(factor * request.profile.duration_s, rel=0.001)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"language": "hi"}, "nothing was learned from recordings in its language (hi; only en)"),
        ({"language": None}, "Its language is not known."),
        ({"speech_ratio": 0}, "Nobody is heard to speak in it."),
        ({"snr_db": -70}, "signal-to-noise ratio, -70.0 dB, is far from all that was learned from"),
    ],
)
def test_out_of_experience_the_default_plan_is_taken_and_says_why(predictor, change, why):
    request = asked()
    request = request.model_copy(update={"profile": request.profile.model_copy(update=change)})
    prediction = answer(request, predictor, installed(*WAYS), TABLE, DEFAULT)
    assert why in prediction.abstained
    assert why in prediction.plan.explanation
    assert prediction.plan.model_copy(update={"explanation": ""}) == DEFAULT


def test_a_range_that_says_nothing_is_no_prediction(predictor, monkeypatch):
    monkeypatch.setattr("setu_optimizer.predictors.answering.USELESS", 0.05)
    prediction = answer(asked(0.1), predictor, installed(*WAYS), TABLE, DEFAULT)
    assert prediction.abstained.startswith("What can be expected is too uncertain: ")
    assert prediction.plan.source == "default"
    assert prediction.forecasts


def test_an_override_wins_over_what_is_predicted_and_over_the_default(predictor):
    wishes = {"overrides": AsrOverrides(model="whisper-base", beam_size=5)}
    predicted = answer(asked(0.05, **wishes), predictor, installed(*WAYS), TABLE, DEFAULT)
    assert (predicted.plan.model, predicted.plan.beam_size, predicted.plan.source) == ("whisper-base", 5, "override")
    known = {forecast.candidate: forecast for forecast in predicted.forecasts}
    assert predicted.plan.expected_wer == known[BASE_5].expected_wer
    other = asked(0.05, overrides=AsrOverrides(model="whisper-small"))
    assert answer(other, predictor, installed(*WAYS), TABLE, DEFAULT).plan.expected_wer is None
    assert answer(other, predictor, installed(), TABLE, DEFAULT).plan.model == "whisper-small"


async def predicted(current, timeout_s: float = 20.0):
    predictions = Predictions(current, TABLE, DEFAULT, timeout_s)
    try:
        return await predictions.predict(asked())
    finally:
        predictions.close()


async def test_a_slow_prediction_is_left_and_a_plan_is_there_in_time(predictor):
    release = threading.Event()

    class Slow(Predictor):
        def strange(self, *arguments):
            release.wait()
            return ""

    async def current():
        return Slow(predictor._bundle, TABLE), installed(*WAYS)

    began_s = time.monotonic()
    try:
        prediction = await predicted(current, timeout_s=0.05)
        assert prediction.abstained == "Predicting took longer than 0.05 s."
        assert prediction.plan.model == DEFAULT.model
        assert not release.is_set()
        assert time.monotonic() - began_s < 15
    finally:
        release.set()


async def test_a_prediction_that_fails_is_a_default_plan(predictor):
    async def current():
        return None, installed(*WAYS)

    prediction = await predicted(current)
    assert prediction.abstained.startswith("Predicting failed")
    assert prediction.plan.source == "default"


async def test_predictions_can_be_switched_off():
    assert "SETU_OPTIMIZER_PREDICT" in (await predicted(None)).abstained


def damaged(model: bytes, change) -> bytes:
    """The model with one of its files changed; the others stay."""
    with zipfile.ZipFile(BytesIO(model)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


def without(name: str):
    return lambda files: files.pop(name)


def other(name: str, find: bytes, put: bytes):
    return lambda files: files.__setitem__(name, files[name].replace(find, put, 1))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (other("probed-errors.ubj", b"\x00", b"\x01"), "is damaged: probed-errors.ubj is not what its manifest says"),
        (without("unprobed-ranges.ubj"), "is damaged: unprobed-ranges.ubj is not what its manifest says"),
        (without("probed-times.ubj"), "is damaged: probed-times.ubj is not what its manifest says"),
        (without(MANIFEST), "manifest is not one that this version reads"),
        (other(MANIFEST, b'"schema_version": 2', b'"schema_version": 1'), "is of feature schema 1, and this version has 2"),
        (other(MANIFEST, b'"snr_db"', b'"snr"'), "is of feature schema 2, and this version has 2"),
    ],
)
def test_a_model_that_is_not_whole_or_of_another_schema_is_not_used(model, change, why):
    with pytest.raises(ModelUnusable) as refused:
        unpacked(damaged(model, change))
    assert why in refused.value.detail


@pytest.mark.usefixtures("as_soon_as_can_be")
def test_a_byte_that_is_not_what_it_was_is_no_other_error_than_a_damaged_model():
    model = train(heard(20, seed=1), SIZES, kind="small", description="read soon", now=datetime(2026, 11, 26, tzinfo=UTC))
    refused = 0
    for place in [*range(400), *range(400, len(model), len(model) // 300), *range(len(model) - 700, len(model))]:
        spoiled = bytearray(model)
        spoiled[place] ^= 0x55
        try:
            unpacked(bytes(spoiled))
        except ModelUnusable:
            refused += 1
    assert refused > 500


@pytest.mark.parametrize("cut", [0, 10, 1000, -10])
def test_a_model_file_that_breaks_off_is_not_used(model, cut):
    with pytest.raises(ModelUnusable):
        unpacked(model[:cut])


class Registry:
    """Has one model, or none that can be used."""

    def __init__(self, data: bytes | Exception, kept: Kept | Exception = SHIPPED) -> None:
        self.kept, self.found, self.looked = kept, data, 0

    async def champion(self) -> Kept:
        self.looked += 1
        if isinstance(self.kept, Exception):
            raise self.kept
        return self.kept

    async def data(self, kept: Kept) -> bytes:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


async def nobody():
    raise NEVER


async def two() -> InstalledCandidates:
    return InstalledCandidates(candidates=(InstalledCandidate(candidate=BASE_5), InstalledCandidate(candidate=TINY)))


async def test_a_missing_or_damaged_model_gives_the_default_plan_with_the_reason(model):
    for found, why in ((ModelUnusable("No model has been trained yet."), "No model has been trained yet."),
                       (model[:-10], "The model's file is damaged")):  # fmt: skip
        champion = Champion(Registry(found), nobody, TABLE, 60)
        prediction = await predicted(champion.current)
        assert why in prediction.abstained
        assert prediction.plan.model_copy(update={"explanation": ""}) == DEFAULT


async def test_whatever_else_goes_wrong_with_a_model_is_a_reason_too(model, monkeypatch):
    monkeypatch.setattr("setu_optimizer.predictors.champion.PATIENCE_S", 60)
    for registry in (Registry(ZeroDivisionError()), Registry(model, ZeroDivisionError())):
        prediction = await predicted(Champion(registry, nobody, TABLE, 60).current)
        assert prediction.abstained == "The model can't be loaded; the service's log says why."
    registry = Registry(model)
    champion = Champion(registry, nobody, TABLE, look_every_s=0)
    loaded, _ = await champion.current()
    registry.kept = ZeroDivisionError()
    assert (await champion.current())[0] is loaded  # nothing is known against it
    assert abstained(asked(), DEFAULT, "").abstained


async def test_a_champion_is_loaded_once_and_another_one_once_it_is_looked_for(model, monkeypatch):
    monkeypatch.setattr("setu_optimizer.predictors.champion.PATIENCE_S", 60)
    registry = Registry(model)
    champion = Champion(registry, two, TABLE, look_every_s=3600)
    first, machine = await champion.current()
    again, _ = await champion.current()
    assert first is again
    assert registry.looked == 1
    assert set(machine.ways(first)) == {BASE_5, TINY}
    eager = Champion(registry, nobody, TABLE, look_every_s=0)
    before, _ = await eager.current()
    assert (await eager.current())[0] is before  # looked for, and found to be the same
    registry.kept = Kept(id=None, name="another", state="champion", file=None, created_at=datetime.now(UTC))
    assert (await eager.current())[0] is not before
    registry.kept = DependencyUnavailable("the database is away")
    assert (await eager.current())[0] is not None  # who can't be looked up stays


async def test_an_asr_service_that_does_not_answer_holds_up_nobody_for_long(model):
    never = asyncio.Event()

    async def silent():
        await never.wait()

    champion = Champion(Registry(model), silent, TABLE, 60)
    prediction = await predicted(champion.current)
    assert prediction.abstained == ""
    await champion.close()
