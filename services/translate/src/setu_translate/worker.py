"""The worker's process: ``python -m setu_translate.worker``."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from setu_common.contracts import TRANSLATIONS
from setu_common.operations import Bound, WorkerSpec, run_worker
from setu_common.store import Store
from setu_translate.app import KINDS
from setu_translate.engines.choice import Engines
from setu_translate.engines.completions import Completions
from setu_translate.engines.examples import read_examples
from setu_translate.engines.llm import LlmTranslator
from setu_translate.service import TranslationService
from setu_translate.settings import SERVICE, TranslateSettings, read_settings

CONCURRENCY: Final = 1


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
    llm = settings.llm
    async with Completions(base_url=llm.url, model=llm.model, api_key=llm.api_key, timeout_s=llm.timeout_s) as completions:
        translator = LlmTranslator(completions, read_examples(), parallel=llm.parallel)
        engines = Engines({translator.engine: translator}, settings.translation.engines)
        store = Store(settings.core.store, SERVICE)
        service = TranslationService(store, engines, join_sentences=settings.translation.join_sentences)
        yield [Bound(TRANSLATIONS, service.translate)]


if __name__ == "__main__":
    main()
