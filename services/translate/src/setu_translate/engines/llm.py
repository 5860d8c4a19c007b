"""Translation by a base language model that is shown a few examples."""

from collections.abc import Sequence
from typing import Final

import structlog

from setu_common.contracts import LANGUAGE_NAMES
from setu_translate.domain.guards import fault
from setu_translate.domain.lines import Line
from setu_translate.domain.prompting import STOP, Example, ExampleTable, longest_answer_tokens, one_line, prompt
from setu_translate.engines.completions import Completions
from setu_translate.engines.parallel import each_of
from setu_translate.engines.translator import Errand, Rendering
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

    def model(self, source_language: str, target_language: str) -> str:  # noqa: ARG002 one for all languages
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
        self, lines: Sequence[Line], source_language: str, target_language: str, errand: Errand
    ) -> list[Rendering]:
        """See ``Translator``."""
        self.check(source_language, target_language)
        examples = self._examples.between(source_language, target_language)
        task = _Task(self._completions, source_language, target_language, examples)
        renderings: dict[int, Rendering] = {}

        async def render(place: int) -> None:
            renderings[place] = await task.render(lines[place])
            errand.done(place, renderings[place])

        await each_of(range(len(lines)), render, at_once=self._parallel)
        return [renderings[place] for place in range(len(lines))]


class _Task:
    """Lines of one language into another."""

    def __init__(
        self, completions: Completions, source_language: str, target_language: str, examples: tuple[Example, ...]
    ) -> None:
        self._completions = completions
        self._source_language = source_language
        self._target_language = target_language
        self._examples = examples

    async def render(self, asked: Line) -> Rendering:
        line = one_line(asked.text)
        glossary = tuple(Example(one_line(term.source), one_line(term.target)) for term in asked.terms)
        for examples in (self._examples, self._examples[::-1]):
            shown = (*examples, *glossary)
            answer = await self._completions.complete(
                prompt(shown, self._source_language, self._target_language, line),
                stop=STOP,
                max_tokens=longest_answer_tokens(line),
            )
            found = fault(
                answer.text,
                line,
                source_language=self._source_language,
                target_language=self._target_language,
                examples=shown,
                cut_off=answer.cut_off,
            )
            if found is None:
                return Rendering(answer.text, answer.confidence)
            log.info("line.unusable", fault=found, characters=len(line), answered=len(answer.text))
        return Rendering(asked.text, 0.0, usable=False)
