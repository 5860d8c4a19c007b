"""What lines are edited with, made of settings: language models, a memory, instruments, and whom they are billed by."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from setu_common.clients import TmdbClient
from setu_common.clients.tmdb_cache import PostgresCache
from setu_common.cost import Meter, Usage
from setu_common.cost.pricing import Prices
from setu_common.db import Database
from setu_common.http import Dependencies, Policy
from setu_common.llm import (
    LlmProvider,
    LlmSettings,
    ProviderSettings,
    billed_as,
    listed_providers,
    make_providers,
)
from setu_common.llm.settings import name_of
from setu_common.operations import Work
from setu_enhancer.casting import Casting
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.prompting import Prompts
from setu_enhancer.domain.prompts import read_prompts, read_prompts_with
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.editing import Editor, Instruments
from setu_enhancer.fluency import CompletionsFluency
from setu_enhancer.judging import BY_PART, OF_EDITS, LlmJudge
from setu_enhancer.memory import KeptMemory, Memory, NoMemory
from setu_enhancer.reading import LlmReader, NoReader, Reader
from setu_enhancer.service import Desk
from setu_enhancer.settings import EditingSettings, EnhancerSettings, LocalModelSettings, TrialSettings
from setu_enhancer.trials import Trial

if TYPE_CHECKING:
    from setu_common.llm.openai_provider import OpenAiProvider

LOCAL: Final = "local"
OWN: Final = "own"
FORMS: Final = (OF_EDITS, BY_PART)

log = structlog.get_logger()


@asynccontextmanager
async def equipped(
    settings: EnhancerSettings, database: Database, dependencies: Dependencies, meter: Meter
) -> AsyncIterator[Desk]:
    """A desk, for as long as a worker's child lives.

    Args:
        settings: which language models there are, and how lines are put before them.
        database: the enhancer's.
        dependencies: the process's.
        meter: told of each request to a language model.
    """
    async with AsyncExitStack() as resources:
        providers, why = make_providers(settings.llm, dependencies, meter)
        local = _local(settings.local, dependencies, meter)
        for each in (*providers, *local):
            await resources.enter_async_context(each)
        judging, reading = (
            _named(providers, name) for name in (settings.editing.judge_provider, settings.editing.reader_provider)
        )
        of_edits, by_part = (
            LlmJudge(judging, form, timeout_s=settings.editing.timeout_s) if judging else None for form in FORMS
        )
        asked: Sequence[LlmProvider] = (*providers, *(local if settings.local.edits else ()))
        fluency = None
        if local:
            fluency = CompletionsFluency(local[0], at_once=settings.local.parallel, timeout_s=settings.local.timeout_s)
        gauges = (of_edits if settings.editing.judge else None, fluency if settings.local.fluency else None)
        instruments = Instruments(breaches, score, better, *gauges)

        def editor(memory: Memory, asked: Sequence[LlmProvider] = asked, told: Prompts | None = None) -> Editor:
            return Editor(
                asked,
                prompts=told or prompts,
                instruments=instruments,
                memory=memory,
                settings=settings.editing,
                price=priced,
                completing=(LOCAL,),
                examples=settings.memory.examples,
            )

        prompts = read_prompts()
        priced = Priced(Prices(settings.prices), settings.llm)
        yield Desk(
            editor=editor,
            memory=_memories(settings, database),
            prompts=prompts,
            thresholds=replace(settings.selection.thresholds, scene_gap_s=settings.editing.scene_gap_s),
            price=priced,
            casting=Casting(await _lookups(settings, database, dependencies, resources)),
            judge=by_part,
            reader=_reader(reading, priced, settings.editing),
            fluency=fluency,
            mode=settings.editing.mode,
            trial=_trial(settings.trial, providers, editor, settings.editing.scene_gap_s),
            nobody="" if asked else f"there is no language model to ask. {why}",
        )


class Priced:
    """Says what a request to a provider cost.

    Args:
        prices: by whom, and by model.
        settings: the providers that there are.
    """

    def __init__(self, prices: Prices, settings: LlmSettings) -> None:
        self._prices = prices
        self._billed = {name_of(each): billed_as(each) for each in listed_providers(settings)} | {LOCAL: OWN}

    def __call__(self, provider: str, model: str, usage: Usage) -> Decimal | None:
        """US dollars; None if there is no price."""
        return self._prices.price(self._billed.get(provider, provider), model, usage, datetime.now(UTC)).usd


def _named(providers: Sequence[LlmProvider], name: str) -> LlmProvider | None:
    """The provider of a name, or the first. None if there is none, or no key for it."""
    found = next((each for each in providers if name in ("", each.name)), None)
    if found is None and name:
        log.warning("provider.has_no_key", provider=name)
    return found


def _trial(
    settings: TrialSettings, providers: Sequence[LlmProvider], editor: Callable[..., Editor], scene_gap_s: float
) -> Trial | None:
    """What is tried beside the usual, if anything is to be and there is somebody to ask."""
    tried = _named(providers, settings.provider) if settings.share else None
    if tried is None:
        return None
    usual, prompts = providers[0], read_prompts_with(Path(settings.prompts)) if settings.prompts else read_prompts()
    return Trial(
        lambda memory: editor(memory, (tried,), prompts),
        prompts,
        asked=(tried.name, tried.model),
        usually=(usual.name, usual.model),
        share=settings.share,
        scene_gap_s=scene_gap_s,
    )


def _reader(provider: LlmProvider | None, price: Priced, settings: EditingSettings) -> Reader | None:
    """Who reads names, if anybody is to."""
    if not settings.read_names:
        return None
    if provider is not None:
        return LlmReader(provider, price, at_once=settings.parallel, timeout_s=settings.timeout_s)
    return (
        NoReader(f"there is no key for {settings.reader_provider}, which is to read them.")
        if settings.reader_provider
        else None
    )


def _local(settings: LocalModelSettings, dependencies: Dependencies, meter: Meter) -> "tuple[OpenAiProvider, ...]":
    """The base model, if there is one."""
    if not settings.url:
        return ()
    from setu_common.llm.openai_provider import OpenAiProvider  # noqa: PLC0415  (half a second, and 25 MB)

    asked = ProviderSettings(
        name=LOCAL,
        model=settings.model,
        base_url=settings.url,
        api_key=settings.api_key,
        billed_as=OWN,
        timeout_s=settings.timeout_s,
        at_once=settings.parallel,
    )
    made, _ = make_providers(LlmSettings(providers=(asked,)), dependencies, meter, Policy())
    return tuple(each for each in made if isinstance(each, OpenAiProvider))


def _memories(settings: EnhancerSettings, database: Database) -> Callable[[Work], Memory]:
    if not settings.memory.enabled:
        return lambda _work: NoMemory()
    # In a worker's child whichever registry is at hand will do, since children count together.
    looked = Counter(
        "setu_enhancer_memory_lines", "Lines looked for among earlier edits", ["outcome"], registry=CollectorRegistry()
    )

    def counted(asked: int, found: int) -> None:
        looked.labels("found").inc(found)
        looked.labels("new").inc(asked - found)

    return partial(_memory, database, settings.memory.similarity, counted)


def _memory(database: Database, similarity: float, counted: Callable[[int, int], None], work: Work) -> Memory:
    return KeptMemory(database, work.tenant, work.operation_id, similarity=similarity, counted=counted)


async def _lookups(
    settings: EnhancerSettings, database: Database, dependencies: Dependencies, resources: AsyncExitStack
) -> TmdbClient | None:
    if settings.tmdb.api_key is None:
        return None
    dependency = dependencies.dependency("tmdb", Policy(attempt_s=settings.tmdb.timeout_s))
    return await resources.enter_async_context(TmdbClient(settings.tmdb, PostgresCache(database), dependency=dependency))
