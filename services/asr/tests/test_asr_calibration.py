"""Which ways to transcribe there are on a machine, how long each takes there, and who is told of it."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from fastapi.testclient import TestClient

from setu_asr import calibrate
from setu_asr.app import create_api
from setu_asr.calibration import Stopwatch, every, installed, likely
from setu_asr.calibrations import FORGOTTEN_DAYS, Calibrations
from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.calibration import Machine, ways
from setu_asr.domain.hints import NO_HINTS
from setu_asr.engines.machine import compute_types, this_machine
from setu_asr.errors import UnusablePlan
from setu_asr.migrate import VERSIONS
from setu_asr.settings import AsrSettings
from setu_common.contracts import Candidate, InstalledCandidate, InstalledCandidates
from setu_common.db import Database, migrate
from setu_common.models import Catalogue
from setu_common.settings import CoreSettings, LogSettings, ModelSettings, OperationSettings, WorkerSettings

OFFLINE = ModelSettings(folder=Path("/nowhere"), offline=True)
ONE = Machine("a processor", 2, 1, "cpu", ("ctranslate2 4.8",))
OTHER = Machine("another", 8, 1, "cpu", ("ctranslate2 4.8",))
NOW = datetime.now(UTC)


class Here(Catalogue):
    """A catalogue of which some models lie in the folder."""

    here: tuple[str, ...] = ()

    def has(self, name):
        return name in self.here

    def ensure(self, name, on_progress=None):
        return Path("/models") / name


def catalogue(*here: str) -> Here:
    whole = Catalogue.load(OFFLINE)
    found = Here({name: whole[name] for name in whole.names()}, OFFLINE)
    found.here = here
    return found


def way(model="whisper-base", beam_size=5, batch_size=8, compute_type="int8") -> Candidate:
    return Candidate(model=model, beam_size=beam_size, batch_size=batch_size, compute_type=compute_type)


def took(candidate: Candidate, time_factor: float, days_ago: float = 0) -> InstalledCandidate:
    return InstalledCandidate(candidate=candidate, time_factor=time_factor, measured_at=NOW - timedelta(days=days_ago))


# Which there are


def test_each_model_comes_with_each_beam_batch_and_kind_of_numbers_once():
    found = ways(["a", "b"], batch_sizes=[8, 1, 8], compute_types=["int8", "float32", "int8_float32", "int8"])
    assert len(found) == len(set(found)) == 2 * 2 * 2 * 2
    assert {each.compute_type for each in found} == {"int8", "float32"}
    assert found[:4] == [way("a", 1), way("a", 5), way("b", 1), way("b", 5)]


def test_models_that_are_here_are_there_and_the_one_of_the_settings_in_any_case(recognition):
    assert installed(catalogue("whisper-tiny.en", "whisper-large-v3", "gemma-3-270m"), recognition) == [
        "whisper-tiny.en",
        "whisper-base",
        "whisper-large-v3",
    ]
    assert likely(catalogue(), recognition) == [way(beam_size=1), way(beam_size=5)]


def test_all_ways_have_the_numbers_of_the_device_and_go_clip_by_clip_too(recognition):
    found = every(catalogue(), recognition)
    assert set(likely(catalogue(), recognition)) < set(found)
    assert {each.batch_size for each in found} == {8, 1}
    assert {each.compute_type for each in found} <= set(compute_types("cpu"))


def test_a_machine_is_the_same_until_something_changes_that_times_depend_on():
    here = this_machine("cpu", 1)
    assert here.fingerprint == this_machine("cpu", 1).fingerprint
    assert here.fingerprint != this_machine("cpu", 2).fingerprint
    assert here.processor
    assert any(library.startswith("ctranslate2 ") for library in here.libraries)


# How long each takes


class Busy:
    """A recogniser that works as long as it is asked to, by the clip; its clips are remembered."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.batches: list[int] = []
        self.redecode: set[bool] = set()

    def detect_language(self, clips):
        raise AssertionError("the language is known")

    def recognise(self, clips, language, plan, hints=NO_HINTS):
        self.batches.append(len(clips))
        self.redecode.add(plan.redecode)
        for _ in range(self.rounds * len(clips)):
            sum(range(20_000))
        return [[] for _ in clips]


def clips(count=4):
    return [np.zeros(RATE_HZ, np.float32)] * count


def measured(asked, recognisers, skipped=None):
    loaded: list[str] = []

    def load(key, _folder):
        loaded.append(f"{key.model} {key.compute_type}")
        recogniser = recognisers[key.model]
        if isinstance(recogniser, Exception):
            raise recogniser
        return recogniser

    told = skipped if skipped is not None else []
    stopwatch = Stopwatch(clips(), catalogue(), load, ONE)
    return list(stopwatch.measured(asked, lambda each, why: told.append((each, why)))), loaded


def test_what_computes_longer_has_the_larger_factor_and_a_model_is_loaded_once_for_all_its_ways():
    quick, slow = Busy(5), Busy(40)
    asked = [way("quick", 1), way("quick", 5), way("slow", 1)]
    found, loaded = measured(asked, {"quick": quick, "slow": slow})
    assert [each.candidate for each in found] == asked
    factors = {each.candidate.model: each.time_factor for each in found}
    assert factors["slow"] > factors["quick"] > 0
    assert loaded == ["quick int8", "slow int8"]
    assert quick.batches == [1, 4, 4]  # the first is not counted
    assert quick.redecode == {False}


def test_clips_go_in_batches_no_larger_than_the_way_says():
    busy = Busy(1)
    measured([way("m", batch_size=1), way("m", batch_size=3)], {"m": busy})
    assert busy.batches == [1, 1, 1, 1, 1, 3, 1]


class Waiting(Busy):
    """A recogniser that waits for something else."""

    def recognise(self, clips, language, plan, hints=NO_HINTS):
        threading.Event().wait(0.5)
        return super().recognise(clips, language, plan, hints)


def test_a_factor_is_of_the_processors_time_for_a_second_of_sound_whatever_else_runs():
    [found], _ = measured([way("m")], {"m": Waiting(0)})
    assert found.time_factor is not None
    assert found.time_factor < 0.5 / 4 / 2


def test_what_the_device_cannot_compute_is_told_and_the_others_are_measured():
    told: list[tuple[Candidate, str]] = []
    asked = [way("m", compute_type="float16"), way("n")]
    found, _ = measured(asked, {"m": UnusablePlan("not in float16"), "n": Busy(1)}, told)
    assert [each.candidate.model for each in found] == ["n"]
    assert told == [(asked[0], "not in float16")]


# Who is told


@pytest.fixture
def asr_database(cloned_database):
    return cloned_database("asr", lambda settings: migrate(settings, "asr", VERSIONS))


@pytest.fixture
async def calibrations(asr_database):
    database = Database(asr_database, "asr")
    yield Calibrations(database)
    await database.close()


async def test_what_is_measured_again_takes_the_place_of_what_was(calibrations):
    await calibrations.keep(ONE, took(way(), 0.5))
    await calibrations.keep(ONE, took(way(), 0.25))
    await calibrations.keep(ONE, took(way("whisper-tiny.en"), 0.1))
    assert [(each.candidate.model, each.time_factor) for each in await calibrations.of(ONE)] == [
        ("whisper-tiny.en", 0.1),
        ("whisper-base", 0.25),
    ]
    assert await calibrations.of(OTHER) == []


async def test_of_several_machines_the_slowest_counts_and_one_long_gone_does_not(calibrations):
    gone = Machine("gone", 1, 1, "cpu", ())
    await calibrations.keep(ONE, took(way(), 0.2))
    await calibrations.keep(OTHER, took(way(), 0.4))
    await calibrations.keep(gone, took(way(), 0.9, days_ago=FORGOTTEN_DAYS + 1))
    assert [each.time_factor for each in await calibrations.everywhere()] == [0.4]


async def test_of_models_that_are_there_no_longer_nothing_is_offered(calibrations):
    for machine in (ONE, OTHER):
        await calibrations.keep(machine, took(way("whisper-small"), 0.9))
        await calibrations.keep(machine, took(way(), 0.2))
    await calibrations.forget_others(ONE, ["whisper-base"])
    assert [each.candidate.model for each in await calibrations.of(ONE)] == ["whisper-base"]
    assert len(await calibrations.of(OTHER)) == 2


@pytest.fixture
def api(asr_database, redis_settings, store_settings, trust_settings, recognition):
    core = CoreSettings(
        database=asr_database,
        redis=redis_settings,
        store=store_settings,
        operations=OperationSettings(),
        log=LogSettings(),
        worker=WorkerSettings(),
    )
    settings = AsrSettings(core, ModelSettings(folder=recognition.scratch_folder, offline=True), recognition)
    with TestClient(create_api(settings, trust_settings)) as client:
        yield client


def asked(api, trust_settings) -> InstalledCandidates:
    token = trust_settings.service_token.get_secret_value()
    answer = api.get("/v1/candidates", headers={"Authorization": f"Bearer {token}", "Setu-Tenant": "acme"})
    assert answer.status_code == 200, answer.text
    return InstalledCandidates.model_validate_json(answer.content)


def test_before_anything_is_measured_the_ways_of_the_installed_models_are_told_without_times(api, trust_settings):
    found = asked(api, trust_settings).candidates
    assert [(each.candidate, each.time_factor, each.measured_at) for each in found] == [
        (way(beam_size=1), None, None),
        (way(beam_size=5), None, None),
    ]


async def test_what_was_measured_is_told_with_its_time_beside_what_was_not(api, trust_settings, calibrations):
    await calibrations.keep(ONE, took(way(), 0.3))
    await calibrations.keep(ONE, took(way("whisper-large-v3", compute_type="float32"), 7.5))
    found = {each.candidate: each.time_factor for each in asked(api, trust_settings).candidates}
    assert found == {way(): 0.3, way(beam_size=1): None, way("whisper-large-v3", compute_type="float32"): 7.5}


def test_strangers_are_told_nothing(api):
    assert api.get("/v1/candidates").status_code == 401


def test_no_time_of_nothing_is_ever_kept(asr_database):
    with (
        psycopg.connect(asr_database.url, autocommit=True) as connection,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        connection.execute("INSERT INTO asr.calibration VALUES ('m', 's', 'e', 'm', 1, 1, 'int8', 0, now())")


# By hand


@pytest.fixture
def by_hand(asr_database, recognition, monkeypatch, capsys):
    """The command, with a recogniser that is busy; it returns what was printed."""
    monkeypatch.setenv("DATABASE_URL", asr_database.url)
    monkeypatch.setenv("SETU_MODELS_FOLDER", str(recognition.scratch_folder))
    monkeypatch.setattr(calibrate, "spoken_sound", lambda _catalogue, _scratch: clips())
    monkeypatch.setattr(calibrate, "Installed", lambda *_: lambda _engine: lambda _key, _folder: Busy(1))
    monkeypatch.setattr(Catalogue, "ensure", lambda _self, name: Path("/models") / name)

    def run(*arguments):
        assert calibrate.main(arguments) == 0
        return capsys.readouterr().out.splitlines()

    return run


async def test_the_command_measures_what_was_not_and_keeps_it(by_hand, calibrations):
    lines = await asyncio.to_thread(by_hand, "--usual")
    assert "2 of 2 ways" in lines[0]
    assert [line.partition(":")[0] for line in lines[1:]] == [
        f"whisper-base, int8, beam {beam}, batches of 8" for beam in (1, 5)
    ]
    kept = {each.candidate for each in await calibrations.everywhere()}
    assert kept == {way(beam_size=1), way(beam_size=5)}
    assert "0 of 2 ways" in (await asyncio.to_thread(by_hand, "--usual"))[-1]
    assert len(await asyncio.to_thread(by_hand, "--usual", "--again")) == 3


async def test_without_usual_all_numbers_of_the_device_are_measured(by_hand, calibrations):
    await asyncio.to_thread(by_hand)
    kept = {(each.candidate.batch_size, each.candidate.compute_type) for each in await calibrations.everywhere()}
    assert {(8, "int8"), (1, "int8")} < kept
