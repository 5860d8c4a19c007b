"""The stage's question; and models at the command line."""

import csv

import pytest

from setu_common.contracts import AudioProfile, Context, GlossaryEntry, KnownContext, PlanRequest, PredictionRequest
from setu_common.errors import DependencyUnavailable
from setu_optimizer.domain.prediction.features import FEATURES
from setu_optimizer.planning import Planner
from setu_optimizer.predictors import __main__ as models
from setu_optimizer.predictors.bundle import unpacked
from setu_optimizer.service import Predictions
from setu_optimizer.settings import DefaultSettings
from setu_optimizer.train import main as train_main
from testbed.hearings import heard

PROFILE = AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=0.8, music_ratio=0, language="hi")
KNOWN = KnownContext(
    source_language="hi",
    target_language="en",
    entries=(GlossaryEntry(source=("राज",), target="Raj", kind="name", provenance="learned"),),
)


class Memory:
    """Knows one name."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[tuple] = []
        self.error = error

    async def known(self, *asked):
        self.asked.append(asked)
        if self.error:
            raise self.error
        return (KNOWN,)


@pytest.fixture
def predictions():
    made = Predictions(None, {}, DefaultSettings(model="whisper-small").plan(), 1)
    yield made
    made.close()


def request(**fields) -> PlanRequest:
    prediction = PredictionRequest(profile=PROFILE)
    return PlanRequest(prediction=prediction, context=Context(title="Raj"), **fields)


async def test_a_plan_comes_with_what_is_known_in_the_targets(predictions, work):
    memory = Memory()
    planned = await Planner(predictions, memory).plan(request(target_languages=("en", "fr")), work)
    assert planned.prediction.plan.model == "whisper-small"
    assert planned.known == (KNOWN,)
    assert memory.asked == [("acme", Context(title="Raj"), "hi", ("en", "fr"))]


async def test_who_wants_no_translation_needs_no_memory(predictions, work):
    memory = Memory()
    assert (await Planner(predictions, memory).plan(request(), work)).known == ()
    assert memory.asked == []


async def test_without_its_memory_it_plans_all_the_same_and_says_so(predictions, work):
    memory = Memory(DependencyUnavailable("the database is away"))
    planned = await Planner(predictions, memory).plan(request(target_languages=("en",)), work)
    assert planned.prediction.plan.model == "whisper-small"
    assert planned.known == ()
    assert planned.notes == ("What earlier episodes taught is not known: the database is away",)


def test_a_model_is_trained_from_the_lines_of_a_table_that_are_for_it(tmp_path, capsys):
    table, out = tmp_path / "measured.csv", tmp_path / "model.zip"
    rows = []
    for split, examples in (("train", heard(12, seed=5)), ("test", heard(3, seed=6))):
        for each in examples:
            kind, _, texts = each.group.partition(" ") if each.group.startswith("clean") else (each.group, "", "market")
            row = {"recording": each.recording, "split": split, "texts": texts, "kind": kind, "wer": each.wer}
            row |= {"duration_s": 60, "cpu_s": 60 * (each.time_factor or 0), **each.candidate.model_dump()}
            row |= {f.name: v for f, v in zip(FEATURES, each.figures.tolist(), strict=True) if f.name != "duration_s"}
            rows.append(row)
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    assert train_main(["--table", str(table), "--out", str(out), "--split", "train"]) == 0
    manifest = unpacked(out.read_bytes()).manifest
    assert manifest.learned_from.recordings == 12
    assert manifest.name.startswith("starting-")
    assert "12 recordings" in capsys.readouterr().out
    assert train_main(["--table", str(table), "--out", str(out), "--split", "test"]) == 1
    assert "a model needs 20" in capsys.readouterr().err


def test_models_are_listed_in_a_container_too(optimizer_database_settings, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", optimizer_database_settings.url)
    assert models.main(["list"]) == 0
    assert capsys.readouterr().out.split() == ["champion", "starting"]
    assert models.main(["rollback"]) == 1
    assert "there is none before it" in capsys.readouterr().err
