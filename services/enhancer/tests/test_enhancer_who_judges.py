"""Who judges, and who reads names: the first of the providers, unless a setting names another of them."""

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from setu_common.clients.tmdb import TmdbSettings
from setu_common.contracts import Context
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.http import Dependencies
from setu_common.llm import ProviderSettings
from setu_common.llm.settings import LlmSettings
from setu_common.settings import CoreSettings, DatabaseSettings, LogSettings, OperationSettings, WorkerSettings
from setu_common.testing import Fault, OpenAiWire, always, faulty_wire
from setu_common.testing.metering import RecordingMeter
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Pair
from setu_enhancer.equipment import equipped
from setu_enhancer.memory import NoMemory
from setu_enhancer.settings import EditingSettings, EnhancerSettings, LocalModelSettings, MemorySettings, SelectionSettings
from testbed.editing import ASKED, HINDI, LINES, NAMES, document_of, names_of, translated, verdicts_of


@pytest.fixture
def settings(redis_settings, store_settings):
    """Make settings with providers of some names, of which some may judge."""

    def make(*providers: ProviderSettings, **editing) -> EnhancerSettings:
        return EnhancerSettings(
            core=CoreSettings(
                database=DatabaseSettings(),
                redis=redis_settings,
                store=store_settings,
                operations=OperationSettings(),
                log=LogSettings(),
                worker=WorkerSettings(),
            ),
            editing=EditingSettings(**editing),
            selection=SelectionSettings(),
            memory=MemorySettings(enabled=False),
            local=LocalModelSettings(),
            llm=LlmSettings(providers=providers),
            tmdb=TmdbSettings(),
            prices=PriceSettings(),
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
