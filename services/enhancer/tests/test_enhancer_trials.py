"""Another model, or other prompts, tried on a share of the scenes: audited and paid for, and delivered nowhere."""

from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from setu_common.contracts import Character, Context, DraftLine, EnhancedTranscript, EnhancementRequest
from setu_common.cost import Attribution, attributed
from setu_common.cost.ledger import SCHEMA
from setu_common.cost.recording import metering
from setu_common.cost.settings import PriceSettings
from setu_common.db import Database
from setu_common.http import Dependencies
from setu_common.llm import LlmUnavailable, ProviderSettings, Spent, spend
from setu_common.llm.settings import LlmSettings
from setu_common.store import Store
from setu_common.testing import OpenAiWire, faulty_wire
from setu_enhancer.auditing.page import page_of
from setu_enhancer.domain.prompts import read_prompts, read_prompts_with
from setu_enhancer.domain.thresholds import Thresholds
from setu_enhancer.editing import Editor
from setu_enhancer.equipment import equipped
from setu_enhancer.memory import Example, NoMemory
from setu_enhancer.service import Desk, EnhancementService
from setu_enhancer.settings import EditingSettings, TrialSettings
from setu_enhancer.trials import SharedMemory, ShownAgain, Trial
from testbed.editing import (
    HINDI,
    LINES,
    SIMPLE,
    USAGE,
    Kept,
    Model,
    cents,
    document_of,
    names_of,
    raising,
    reply_of,
    translated,
    verdicts_of,
)
from testbed.enhancing import core_settings, enhancer_settings

CAST = Context(
    characters=(
        Character(name="Raj", source="राज", gender="male"),
        Character(name="Asha", source="आशा", gender="female"),
    )
)
SCENES = (range(6), range(6, 11), range(11, 15))
OTHERS = """
name = "hi-en"
version = "trial"
system = "Mend the lines. {canary}"
example = []
"""


def worse(document):
    """What a model says that says everything as the draft does, but for a word more."""
    return reply_of({number: f"{line.draft} Yes." for number, line in enumerate(LINES) if number in ids(document)})


def ids(document) -> set[int]:
    return {line[0] for line in document["lines"] if isinstance(line[0], int)}


class Work:
    """What a handler is given, as far as editing needs it."""

    tenant = "acme"

    def progress(self, fraction: float, note: str = "") -> None:
        pass

    async def in_thread(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


class Nobody:
    async def of(self, context: Context) -> tuple[tuple[str, ...], str]:
        return (), ""


def desk(usual: Any, tried: Any, *, share: float = 1.0, memory: Any = None, prompts=None) -> Desk:
    def editor(memory, model=usual, told=None):
        return Editor(
            (model,),
            prompts=told or read_prompts(),
            instruments=SIMPLE,
            memory=memory,
            settings=EditingSettings(),
            price=cents,
        )

    told = prompts or read_prompts()
    casting: Any = Nobody()
    return Desk(
        editor=editor,
        memory=lambda _work: memory or NoMemory(),
        prompts=read_prompts(),
        thresholds=Thresholds(),
        casting=casting,
        price=cents,
        trial=Trial(
            lambda memory: editor(memory, tried, told),
            told,
            asked=(tried.name, tried.model),
            usually=(usual.name, usual.model),
            share=share,
            scene_gap_s=4.0,
        ),
    )


@pytest.fixture
def enhance(store_settings):
    """Edit the whole film."""
    lines = tuple(
        DraftLine(index=line.index, start_s=line.start_s, end_s=line.end_s, source=line.source, draft=line.draft)
        for line in LINES
    )
    request = EnhancementRequest(source_language="hi", target_language="en", lines=lines, mode="all", context=CAST)

    async def run(made: Desk):
        work: Any = Work()
        return await EnhancementService(Store(store_settings, "enhancer"), made).enhance(request, work)

    return run


async def test_what_is_tried_is_audited_and_paid_for_and_what_is_delivered_is_the_same_as_without_it(enhance):
    alone = await enhance(desk(Model(), Model(worse, name="other"), share=0.0))
    both = await enhance(desk(Model(), Model(worse, name="other")))
    assert [line.text for line in both.lines] == [line.text for line in alone.lines]
    assert not any(line.tried for line in alone.lines)
    tried = [line.tried for line in both.lines if line.tried]
    assert len(tried) > len(LINES) / 2
    assert {(each.provider, each.model) for each in tried} == {("other", "other-model")}
    assert any(each.offered.endswith("Yes.") and each.rejected for each in tried)
    scenes = [{line.tried.scene for line in both.lines if line.tried and line.segment_index in scene} for scene in SCENES]
    assert [len(each) for each in scenes] == [1, 1, 1]
    assert len(set.union(*scenes)) == 3
    assert {(each.gain, each.usual_gain) for each in tried} >= {(0.0, 40.0)}
    assert sum(each.usual_cost_usd for each in tried) == alone.cost_usd
    assert both.cost_usd > alone.cost_usd
    assert both.cost_usd == alone.cost_usd + sum((each.cost_usd for each in tried), Decimal(0))
    assert [
        note
        for note in both.notes
        if f"On {len(tried)} of {len(tried)} lines other was tried as well, with the prompt hi-en@" in note
    ]


async def test_whole_scenes_are_drawn_and_the_same_ones_again(enhance):
    drawn = []
    for _ in range(2):
        result = await enhance(desk(Model(), Model(name="other"), share=0.5))
        drawn.append({line.tried.scene for line in result.lines if line.tried})
    assert drawn[0] == drawn[1]
    assert 0 < len(drawn[0]) < len(SCENES)


async def test_what_comes_from_memory_is_tried_on_nobody_and_nothing_of_a_trial_is_remembered(enhance):
    memory = Kept()
    await enhance(desk(Model(), Model(worse, name="other"), memory=memory))
    assert {each.provider for each in memory.made.values()} == {"fake"}
    usual, tried = Model(), Model(name="other")
    again = await enhance(desk(usual, tried, memory=memory))
    assert usual.asked == tried.asked == []
    assert again.cost_usd == 0
    assert not any(line.tried for line in again.lines)


async def test_a_line_that_the_usual_model_was_not_asked_about_is_tried_on_nobody(enhance):
    tried = Model(name="other")
    result = await enhance(desk(Model(raising(LlmUnavailable("Away."))), tried))
    assert tried.asked == []
    assert not any(line.tried for line in result.lines)


async def test_lines_that_rules_mended_are_told_of_the_one_that_was_tried_whoever_wins(enhance):
    result = await enhance(desk(Model(), Model(worse, name="other")))
    ruled = [line for line in result.lines if line.tried and line.tried.text not in (line.draft, line.tried.offered)]
    assert all((line.tried.provider, line.tried.model) == ("other", "other-model") for line in result.lines if line.tried)
    assert all(line.tried.gain == 0.0 for line in ruled)


async def test_what_a_trial_cost_that_came_to_nothing_is_paid(enhance):
    def billed(document):
        spend(Spent("other", "other-model", USAGE))
        return raising(LlmUnavailable("Away."))(document)

    alone = await enhance(desk(Model(), Model(), share=0.0))
    result = await enhance(desk(Model(), Model(billed, name="other")))
    assert not any(line.tried for line in result.lines if line.tried and line.tried.offered)
    assert result.cost_usd > alone.cost_usd


async def test_nobody_is_asked_where_there_is_nothing_to_compare(enhance):
    usual, tried = Model(), Model()
    result = await enhance(desk(usual, tried))
    assert tried.asked == []
    assert not any(line.tried for line in result.lines)


async def test_one_that_is_tried_and_can_not_be_reached_harms_nothing(enhance):
    alone = await enhance(desk(Model(), Model(), share=0.0))
    result = await enhance(desk(Model(), Model(raising(LlmUnavailable("Away.")), name="other")))
    assert [line.text for line in result.lines] == [line.text for line in alone.lines]
    assert (result.degraded, result.cost_usd) == ("", alone.cost_usd)
    assert [note for note in result.notes if note.startswith("On 0 of 12 lines other was tried as well")]
    assert [note for note in result.notes if note.startswith("In the trial: ")]


async def test_other_prompts_are_tried_on_the_same_model(enhance, tmp_path):
    (tmp_path / "mine.toml").write_text(OTHERS)
    prompts = read_prompts_with(tmp_path)
    model = Model()
    result = await enhance(desk(model, model, prompts=prompts))
    assert {line.tried.prompt for line in result.lines if line.tried} == {prompts.for_pair(HINDI).stamp}
    assert prompts.for_pair(HINDI).version == "trial"
    assert any(messages[0].text.startswith("Mend the lines.") for messages in model.messages)
    assert prompts.for_pair(HINDI._replace(source="mr")) == read_prompts().for_pair(HINDI._replace(source="mr"))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "has no prompt"),
        ({"a.toml": "name = "}, r"^a\.toml is no prompt: Invalid value"),
        ({"a.toml": 'name = "hi-en"'}, r"^a\.toml is no prompt"),
        ({"a.toml": OTHERS.replace("hi-en", "hi_en")}, "has to be a pair"),
        ({"a.toml": 'name = "hi-en"\nversion = "1"\nsystem = 3\nexample = []'}, r"^a\.toml is no prompt"),
    ],
)
def test_a_folder_that_has_no_good_prompt_is_refused(files, says, tmp_path):
    for name, written in files.items():
        (tmp_path / name).write_text(written)
    with pytest.raises(ValueError, match=says):
        read_prompts_with(tmp_path)


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is no folder of prompts: No such file"):
        read_prompts_with(tmp_path / "none")


async def test_who_is_tried_is_shown_the_examples_that_the_usual_one_was_shown():
    memory = Kept()
    shared = SharedMemory(memory)
    tried = ShownAgain(shared)
    assert await tried.similar(HINDI, LINES[0].source, 2) == ()
    shared.shown[HINDI, "a"] = (Example("b", "c", 0.9), Example("d", "e", 0.8))
    assert await tried.similar(HINDI, "a", 1) == (Example("b", "c", 0.9),)


async def test_the_page_shows_what_was_tried(enhance):
    result = await enhance(desk(Model(worse), Model(name="other")))
    audit = EnhancedTranscript(source_language="hi", target_language="en", prompt="p", glossary_sha256="", lines=result.lines)
    assert "<small>tried: other-model, 90: " in page_of(audit, LINES)


async def test_a_trial_is_in_the_ledger_and_its_second_run_asks_nobody(
    enhancer_database_settings, redis_settings, store_settings, database, begin
):
    def says(asked) -> str:
        user = asked.messages[-1][1]
        return verdicts_of(user) or names_of(user) or translated(document_of(user))

    prices = PriceSettings(overrides={f"{name}/m-1": {"input_mtok": "1", "output_mtok": "4"} for name in ("own", "other")})
    lines = tuple(
        DraftLine(index=line.index, start_s=line.start_s, end_s=line.end_s, source=line.source, draft=line.draft)
        for line in LINES
    )
    request = EnhancementRequest(source_language="hi", target_language="en", lines=lines, context=CAST)
    async with AsyncExitStack() as resources:
        wires = [await resources.enter_async_context(faulty_wire(OpenAiWire(say=says))) for _ in range(2)]
        providers = tuple(
            ProviderSettings(name=name, model="m-1", base_url=f"{wire.url}/v1", billed_as=name)
            for name, wire in zip(("own", "other"), wires, strict=True)
        )
        settings = enhancer_settings(
            core_settings(enhancer_database_settings, redis_settings, store_settings),
            llm=LlmSettings(providers=providers),
            prices=prices,
            trial=TrialSettings(share=1.0, provider="other"),
        )
        meter = await resources.enter_async_context(metering(enhancer_database_settings, prices))
        made = await resources.enter_async_context(equipped(settings, database, Dependencies(), meter))
        service, results = EnhancementService(Store(store_settings, "enhancer"), made), []
        for _ in range(2):
            work: Any = await begin()
            with attributed(Attribution("acme", "enhancer", None, "enhancements", "en", work.operation_id)):
                results.append((await service.enhance(request, work), await ledger_usd(enhancer_database_settings, work)))
        told = [asked.messages[-1][1] for asked in wires[1].asked]
    (first, cost_usd), (second, nothing_usd) = results
    tried = [line.tried for line in first.lines if line.tried]
    assert tried
    assert not any(line.tried for line in second.lines)
    costs = [each for line in first.lines for each in (line.cost_usd, line.tried.cost_usd if line.tried else None)]
    assert first.cost_usd == cost_usd == sum(filter(None, costs), Decimal(0)) > 0
    assert second.cost_usd == nothing_usd == 0
    assert told
    assert not [each for each in told if verdicts_of(each) or names_of(each)]  # the first reads names, and judges for both


async def ledger_usd(settings, work) -> Decimal:
    """What the ledger says that an operation's calls cost."""
    ledger = Database(settings, SCHEMA)
    async with ledger.reading() as connection:
        found = await connection.execute(
            text("SELECT coalesce(sum(usd), 0) FROM call WHERE operation_id = :id"), {"id": work.operation_id}
        )
        usd = Decimal(found.scalar_one())
    await ledger.close()
    return usd
