"""Who judges, who reads names and who is tried: the first of the providers, unless a setting names another of them."""

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import setu_enhancer.domain.prompts
from setu_common.contracts import Context
from setu_common.db import Database
from setu_common.http import Dependencies
from setu_common.llm import ProviderSettings
from setu_common.llm.settings import LlmSettings
from setu_common.settings import DatabaseSettings
from setu_common.testing import Fault, OpenAiWire, always, faulty_wire
from setu_common.testing.metering import RecordingMeter
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Pair
from setu_enhancer.equipment import equipped
from setu_enhancer.memory import NoMemory
from setu_enhancer.settings import EditingSettings, EnhancerSettings, MemorySettings, TrialSettings
from testbed.editing import ASKED, HINDI, LINES, NAMES, document_of, names_of, translated, verdicts_of
from testbed.enhancing import core_settings, enhancer_settings


@pytest.fixture
def settings(redis_settings, store_settings):
    """Make settings with providers of some names, of which some may judge."""

    def make(*providers: ProviderSettings, trial: TrialSettings | None = None, **editing) -> EnhancerSettings:
        return enhancer_settings(
            core_settings(DatabaseSettings(), redis_settings, store_settings),
            editing=EditingSettings(**editing),
            memory=MemorySettings(enabled=False),
            llm=LlmSettings(providers=providers),
            trial=trial or TrialSettings(),
        )

    return make


def says(asked) -> str:
    return verdicts_of(asked.messages[-1][1]) or translated(document_of(asked.messages[-1][1]))


@asynccontextmanager
async def at_hand(settings: EnhancerSettings):
    database = Database(settings.core.database, "enhancer")
    try:
        async with equipped(settings, database, Dependencies(), RecordingMeter()) as desk:
            yield desk
    finally:
        await database.close()


@pytest.mark.parametrize(("named", "judge"), [({}, 0), ({"judge_provider": "other"}, 1), ({"judge_provider": "openai:m-2"}, 2)])
async def test_whoever_is_named_judges_edits_and_texts_and_nobody_else_does(settings, named, judge):
    async with AsyncExitStack() as resources:
        wires = [await resources.enter_async_context(faulty_wire(OpenAiWire(say=says))) for _ in range(3)]
        providers = [
            ProviderSettings(name=name, model=model, base_url=f"{wire.url}/v1")
            for name, model, wire in zip(("first", "other", ""), ("m-0", "m-1", "m-2"), wires, strict=True)
        ]
        desk = await resources.enter_async_context(at_hand(settings(*providers, **named)))
        edits = await desk.editor(NoMemory()).edit(
            LINES[:6], dict.fromkeys(range(6), ASKED), HINDI, Glossary(NAMES), Context(), characters_per_s=20.0
        )
        told = [[bool(verdicts_of(asked.messages[-1][1])) for asked in wire.asked] for wire in wires]
        assert [any(each) for each in told] == [place == judge for place in range(3)]
        assert {each.after.methods for each in edits if each.after} == {("signals", "judge")}
        assert [not all(each) for each in told] == [True, False, False]  # edits are asked of the first
        before = [len(wire.asked) for wire in wires]
        assert desk.judge is not None
        await desk.judge.judge([(LINES[0], LINES[0].draft)], HINDI, Glossary())
        assert [len(wire.asked) > count for wire, count in zip(wires, before, strict=True)] == [
            place == judge for place in range(3)
        ]
        assert "four grades" in wires[judge].asked[-1].messages[0][1]  # of the parts of a score


def test_a_judge_that_is_none_of_the_providers_is_told_at_once(settings):
    own = ProviderSettings(name="own", model="m", base_url="http://127.0.0.1:9/v1")
    short = ProviderSettings(model="m-2", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ValueError, match=r"^SETU_ENHANCER_JUDGE_PROVIDER is 'owm', .*: own, openai:m-2$"):
        settings(own, short, judge_provider="owm")
    with pytest.raises(ValueError, match="there are none"):
        settings(judge_provider="own")


async def test_a_judge_without_a_key_leaves_no_one_else_to_judge(settings):
    own = ProviderSettings(name="own", model="m", base_url="http://127.0.0.1:9/v1")
    with capture_logs() as logs:
        async with at_hand(settings(own, ProviderSettings(name="vendor", model="m"), judge_provider="vendor")) as desk:
            assert desk.judge is None
    assert [(each["event"], each["provider"]) for each in logs if each["log_level"] == "warning"] == [
        ("provider.has_no_key", "vendor")
    ]


@pytest.mark.parametrize(("named", "reader"), [({}, 0), ({"reader_provider": "other"}, 1)])
async def test_whoever_is_named_reads_names_and_nobody_else_does(settings, named, reader):
    async with AsyncExitStack() as resources:
        wires = [
            await resources.enter_async_context(faulty_wire(OpenAiWire(say=lambda asked: names_of(asked.messages[-1][1]))))
            for _ in range(2)
        ]
        providers = [
            ProviderSettings(name=name, model="m", base_url=f"{wire.url}/v1")
            for name, wire in zip(("first", "other"), wires, strict=True)
        ]
        desk = await resources.enter_async_context(at_hand(settings(*providers, **named)))
        assert (await desk.reader.read(LINES, HINDI, (), NoMemory())).why == ""
        assert [len(wire.asked) for wire in wires] == [int(place == reader) for place in range(2)]


async def test_a_reader_without_a_key_is_told_where_names_would_be_read(settings):
    own = ProviderSettings(name="own", model="m", base_url="http://127.0.0.1:9/v1")
    vendor = ProviderSettings(name="vendor", model="m")
    async with at_hand(settings(own, vendor, reader_provider="vendor")) as desk:
        why = [
            (await desk.reader.read(lines, pair, (), NoMemory())).why
            for lines, pair in ((LINES, HINDI), ([replace(LINES[0], source="¿Qué?")], HINDI), (LINES, Pair("hi", "ru")))
        ]
    assert why == ["Names were not read: there is no key for vendor, which is to read them.", "", ""]
    async with at_hand(settings(own, vendor, reader_provider="vendor", read_names=False)) as desk:
        assert desk.reader is None


async def test_no_more_requests_for_names_are_under_way_than_for_edits(settings):
    lines = [replace(LINES[0], index=index, source=f"राज {index} बजे आया।") for index in range(400)]
    slow = OpenAiWire(always(Fault.LATENCY), say=lambda asked: names_of(asked.messages[-1][1]), latency_s=0.1)
    async with (
        faulty_wire(slow) as wire,
        at_hand(settings(ProviderSettings(name="own", model="m", base_url=f"{wire.url}/v1"), parallel=1)) as desk,
    ):
        await desk.reader.read(lines, HINDI, (), NoMemory())
        first, second, third = (each.at_s for each in wire.received)
    assert min(second - first, third - second) >= 0.1


async def test_whoever_is_named_is_tried_beside_the_first_and_nobody_if_nothing_is_said(settings):
    own, other = (ProviderSettings(name=name, model="m", base_url="http://127.0.0.1:9/v1") for name in ("own", "other"))
    async with at_hand(settings(own, other)) as desk:
        assert desk.trial is None
    async with at_hand(settings(own, other, trial=TrialSettings(share=0.2, provider="other"))) as desk:
        assert desk.trial is not None
        assert (desk.trial.asked, desk.trial.usually, desk.trial.share) == (("other", "m"), ("own", "m"), 0.2)
        assert desk.trial.is_of(HINDI, desk.prompts)


async def test_prompts_of_a_folder_are_tried_where_they_differ(settings, tmp_path):
    (tmp_path / "mine.toml").write_text('name = "hi-en"\nversion = "9"\nsystem = "{canary}"\nexample = []\n')
    own = ProviderSettings(name="own", model="m", base_url="http://127.0.0.1:9/v1")
    async with at_hand(settings(own, trial=TrialSettings(share=1.0, prompts=str(tmp_path)))) as desk:
        assert desk.trial is not None
        assert desk.trial.prompts.for_pair(HINDI).version == "9"
        assert [desk.trial.is_of(pair, desk.prompts) for pair in (HINDI, Pair("mr", "en"))] == [True, False]


async def test_a_trial_without_a_language_model_is_none(settings):
    folder = Path(setu_enhancer.domain.prompts.__file__).parent
    async with at_hand(settings(trial=TrialSettings(share=1.0, prompts=str(folder)))) as desk:
        assert desk.trial is None


def test_a_trial_of_nobody_known_or_of_nothing_is_told_at_once(settings):
    own = ProviderSettings(name="own", model="m", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ValueError, match=r"^SETU_ENHANCER_TRIAL_PROVIDER is 'owm', .*: own$"):
        settings(own, trial=TrialSettings(share=0.1, provider="owm"))
    with pytest.raises(ValueError, match="needs what is to be tried"):
        settings(own, trial=TrialSettings(share=0.1))
    with pytest.raises(ValueError, match="another than the first"):
        settings(own, trial=TrialSettings(share=0.1, provider="own"))
    with pytest.raises(ValueError, match="/nowhere is no folder of prompts"):
        settings(own, trial=TrialSettings(share=0.1, prompts="/nowhere"))
