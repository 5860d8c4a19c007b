"""Translation by a base language model that is shown a few examples."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog

from setu_common.contracts import LANGUAGE_NAMES
from setu_translate.domain.guards import fault
from setu_translate.domain.prompting import STOP, Example, ExampleTable, longest_answer_tokens, one_line, prompt
from setu_translate.engines.completions import Completions
from setu_translate.engines.translator import Rendering
from setu_translate.errors import LanguagePairUnsupported

ENGINE: Final = "llm"

log = structlog.get_logger()


class LlmTranslator:
    """A ``Translator`` over any server with completions.

    Each line is asked for by itself, so that no line can push another out of its place. An answer that can't be a
    translation is asked for once more, with the examples in the opposite order; after that the line stays as it is.

    Args:
        completions: the model's server.
        examples: decide which languages there are.
        parallel: how many lines are under way at once.
    """

    def __init__(self, completions: Completions, examples: ExampleTable, *, parallel: int) -> None:
        self._completions = completions
        self._examples = examples
        self._parallel = parallel

    @property
    def engine(self) -> str:
        """The engine's name."""
        return ENGINE

    @property
    def model(self) -> str:
        """The model's name."""
        return self._completions.model

    def check(self, source_language: str, target_language: str) -> None:
        """See ``Translator``."""
        supported = self._examples.languages
        unknown = [code for code in (source_language, target_language) if code not in supported]
        if unknown:
            names = " and ".join(LANGUAGE_NAMES[code] for code in dict.fromkeys(unknown))
            known = ", ".join(f"{LANGUAGE_NAMES[code]} ({code})" for code in supported)
            raise LanguagePairUnsupported(
                f"The engine {ENGINE} does not know {names}. It translates between {known}.", supported=list(supported)
            )

    async def translate(
        self, lines: Sequence[str], source_language: str, target_language: str, on_line: Callable[[], None]
    ) -> list[Rendering]:
        """See ``Translator``."""
        self.check(source_language, target_language)
        task = _Task(
            self._completions, source_language, target_language, self._examples.between(source_language, target_language)
        )
        renderings: list[Rendering | None] = [None] * len(lines)
        waiting = iter(enumerate(lines))  # shared by the workers below; each takes the next line when it is free

        async def work() -> None:
            for place, line in waiting:
                renderings[place] = await task.render(line)
                on_line()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._parallel, len(lines))):
                    group.create_task(work())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None  # the others failed likewise, or were cancelled for it
        return list(_all_of(renderings))


class _Task:
    """Lines of one language into another."""

    def __init__(
        self, completions: Completions, source_language: str, target_language: str, examples: tuple[Example, ...]
    ) -> None:
        self._completions = completions
        self._source_language = source_language
        self._target_language = target_language
        self._examples = examples

    async def render(self, text: str) -> Rendering:
        line = one_line(text)
        for examples in (self._examples, self._examples[::-1]):
            answer = await self._completions.complete(
                prompt(examples, self._source_language, self._target_language, line),
                stop=STOP,
                max_tokens=longest_answer_tokens(line),
            )
            found = fault(
                answer.text,
                line,
                source_language=self._source_language,
                target_language=self._target_language,
                examples=examples,
                cut_off=answer.cut_off,
            )
            if found is None:
                return Rendering(answer.text, answer.confidence)
            log.info("line.unusable", fault=found, characters=len(line), answered=len(answer.text))
        return Rendering(text, 0.0, usable=False)


def _all_of(renderings: Sequence[Rendering | None]) -> Iterator[Rendering]:
    for rendering in renderings:
        if rendering is None:
            raise AssertionError("a line was taken by no worker")
        yield rendering
