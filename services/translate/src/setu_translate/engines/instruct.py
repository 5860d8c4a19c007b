"""Translation by an instruct model that is asked for several lines at once."""

from collections.abc import Sequence
from typing import Final

import structlog

from setu_translate.domain.chatting import SCHEMA, batches, document, instructions, longest_reply_tokens
from setu_translate.domain.guards import fault
from setu_translate.domain.lines import Line
from setu_translate.domain.prompting import Example, one_line
from setu_translate.domain.replies import confidence, read, trusted
from setu_translate.engines.chat import Chat
from setu_translate.engines.parallel import each_of
from setu_translate.engines.translator import Errand, Rendering

ENGINE: Final = "llm"

log = structlog.get_logger()


class InstructTranslator:
    """A ``Translator`` over any server with chat completions.

    Lines are asked for together, each under its number. What does not surely come back under its own number, or can't be a
    translation of its line, is asked for once more, alone; after that the line stays as it is.

    Args:
        chat: the model's server.
        parallel: how many requests are under way at once.
        lines_per_request: how many lines are asked for together.
    """

    def __init__(self, chat: Chat, *, parallel: int, lines_per_request: int) -> None:
        self._chat = chat
        self._parallel = parallel
        self._lines_per_request = lines_per_request

    @property
    def engine(self) -> str:
        """The engine's name."""
        return ENGINE

    def model(self, source_language: str, target_language: str) -> str:  # noqa: ARG002 one for all languages
        """The model's name."""
        return self._chat.model

    def check(self, source_language: str, target_language: str) -> None:
        """See ``Translator``. Which languages a model knows is not known beforehand; whatever it answers is looked at."""

    async def translate(
        self, lines: Sequence[Line], source_language: str, target_language: str, errand: Errand
    ) -> list[Rendering]:
        """See ``Translator``."""
        task = _Task(self._chat, source_language, target_language)
        renderings: dict[int, Rendering] = {}

        def take(found: dict[int, Rendering]) -> None:
            renderings.update(found)
            for place, rendering in found.items():
                errand.done(place, rendering)

        async def together(places: Sequence[int]) -> None:
            take(await task.render({place: lines[place] for place in places}))

        async def alone(place: int) -> None:
            found = await task.render({place: lines[place]})
            take(found or {place: Rendering(lines[place].text, 0.0, usable=False)})

        await each_of(batches(lines, self._lines_per_request), together, at_once=self._parallel)
        left = [place for place in range(len(lines)) if place not in renderings]
        await each_of(left, alone, at_once=self._parallel)
        return [renderings[place] for place in range(len(lines))]

    async def ask_once(self, lines: Sequence[Line], source_language: str, target_language: str) -> dict[int, Rendering]:
        """Ask for lines together and no second time; returns what is usable, by place."""
        return await _Task(self._chat, source_language, target_language).render(dict(enumerate(lines)))


class _Task:
    """Lines of one language into another."""

    def __init__(self, chat: Chat, source_language: str, target_language: str) -> None:
        self._chat = chat
        self._source_language = source_language
        self._target_language = target_language

    async def render(self, numbered: dict[int, Line]) -> dict[int, Rendering]:
        """Ask once; returns what is usable, by number."""
        reply = await self._chat.reply(
            instructions(self._source_language, self._target_language),
            document(numbered),
            schema=SCHEMA,
            max_tokens=longest_reply_tokens(tuple(numbered.values())),
        )
        said = trusted(numbered, read(reply.text), cut_off=reply.cut_off)
        usable: dict[int, Rendering] = {}
        for number, each in said.items():
            found = self._fault(each.text, numbered[number])
            if found is None:
                usable[number] = Rendering(each.text, confidence(reply.text, each.span, reply.tokens))
            else:
                log.info("line.unusable", fault=found, characters=len(numbered[number].text), answered=len(each.text))
        if len(said) < len(numbered):
            log.info("reply.unsure", lines=len(numbered), trusted=len(said), characters=len(reply.text), cut_off=reply.cut_off)
        return usable

    def _fault(self, text: str, line: Line) -> str | None:
        return fault(
            text,
            one_line(line.text),
            source_language=self._source_language,
            target_language=self._target_language,
            examples=[Example(one_line(term.source), one_line(term.target)) for term in line.terms],
            cut_off=False,
        )
