"""The worker's process: ``python -m setu_translate.worker``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar

from setu_common.contracts import TRANSLATIONS
from setu_common.cost import Meter
from setu_common.cost.recording import metering
from setu_common.http import Dependencies, Dependency
from setu_common.http.sharing import shared_dependencies
from setu_common.models import Catalogue
from setu_common.operations import Bound, WorkerSpec, run_worker
from setu_common.settings import ModelSettings
from setu_common.store import Store
from setu_translate.engines.chat import Chat
from setu_translate.engines.choice import Engines
from setu_translate.engines.completions import Completions
from setu_translate.engines.decoding import Computing, LocalModels
from setu_translate.engines.examples import read_examples
from setu_translate.engines.instruct import InstructTranslator
from setu_translate.engines.llm import LlmTranslator
from setu_translate.engines.local import LocalTranslator, indictrans2, nllb
from setu_translate.engines.server import LlmServer, dependency
from setu_translate.engines.styles import SelfStyled
from setu_translate.engines.translator import Translator
from setu_translate.kinds import KINDS
from setu_translate.service import TranslationService
from setu_translate.settings import SERVICE, LlmSettings, LocalSettings, TranslateSettings, read_settings

CONCURRENCY: Final = 1

S = TypeVar("S", bound=LlmServer)


def main() -> None:
    """Work until told to stop."""
    settings = read_settings()
    run_worker(specify(settings), settings.core)


def specify(settings: TranslateSettings) -> WorkerSpec:
    """What the worker is."""
    return WorkerSpec(service=SERVICE, kinds=KINDS, wire=partial(handlers, settings), concurrency=CONCURRENCY)


@asynccontextmanager
async def handlers(settings: TranslateSettings) -> AsyncIterator[Sequence[Bound]]:
    """What a worker's child does. It keeps its connections to the language model's server."""
    async with (
        shared_dependencies(settings.core.redis) as dependencies,
        metering(settings.core.database, settings.prices) as meter,
        language_model(settings.llm, dependencies, meter) as llm,
    ):
        installed = {engine.engine: engine for engine in (llm, *local_engines(settings.local, settings.models, meter))}
        engines = Engines(installed, settings.translation.engines)
        store = Store(settings.core.store, SERVICE)
        service = TranslationService(store, engines, join_sentences=settings.translation.join_sentences)
        await dependencies.announce()
        yield [Bound(TRANSLATIONS, service.translate)]


@asynccontextmanager
async def language_model(
    settings: LlmSettings, dependencies: Dependencies | None = None, meter: Meter | None = None
) -> AsyncIterator[Translator]:
    """The engine ``llm``, with connections to its server.

    Args:
        settings: where it is.
        dependencies: the process's, of which it becomes one.
        meter: told of each request.
    """
    examples = read_examples()
    connect = partial(_connected, settings, dependency(settings.timeout_s, dependencies), meter)
    async with connect(Completions) as completions, connect(Chat) as chat:
        few_shot = LlmTranslator(completions, examples, parallel=settings.parallel)
        instruct = InstructTranslator(chat, parallel=settings.parallel, lines_per_request=settings.lines_per_request)
        match settings.style:
            case "completion":
                yield few_shot
            case "chat":
                yield instruct
            case "auto":
                yield SelfStyled(few_shot, instruct, examples)


def local_engines(settings: LocalSettings, models: ModelSettings, meter: Meter | None = None) -> tuple[Translator, ...]:
    """The engines that compute on this machine. Their models are loaded when first needed, and kept.

    Args:
        settings: which models, and how they are computed.
        models: where they lie.
        meter: told what they take.
    """
    computing = Computing(
        device=settings.device, compute_type=settings.compute_type, threads=settings.threads, beam_size=settings.beam_size
    )
    here = LocalModels(Catalogue.load(models), computing)
    families = (nllb(settings.nllb), indictrans2(settings.indictrans2_to_english, settings.indictrans2_from_english))
    return tuple(LocalTranslator(family, here, meter) for family in families)


def _connected(settings: LlmSettings, called: Dependency, meter: Meter | None, server: type[S]) -> S:
    return server(
        base_url=settings.url,
        model=settings.model,
        api_key=settings.api_key,
        timeout_s=settings.timeout_s,
        called=called,
        meter=meter,
        billed_as=settings.billed_as,
        at_once=settings.parallel,
    )


if __name__ == "__main__":
    main()
