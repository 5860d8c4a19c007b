"""Which way a language model is asked: as a base model, as an instruct model, or in the way that it shows it can be."""

import asyncio
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, Literal

import structlog

from setu_translate.domain.lines import Line
from setu_translate.domain.prompting import ExampleTable
from setu_translate.domain.scripts import letters
from setu_translate.engines.instruct import ENGINE, InstructTranslator
from setu_translate.engines.llm import LlmTranslator
from setu_translate.engines.translator import Errand, Rendering
from setu_translate.errors import LlmRefused

Style = Literal["completion", "chat"]
TRIAL: Final = ("fr", "en")
TRIAL_LINES: Final = 5
TRIAL_PASSED: Final = 4
ALIKE: Final = 0.6

log = structlog.get_logger()


class SelfStyled:
    """A ``Translator`` that asks a model once which way it can be asked.

    Neither a model's name nor its server's address tells whether it follows instructions, so it is tried: five everyday French
    lines, together, as an instruct model would get them. If four of them come back under their numbers, in English that is near
    to the known translation, the model is asked that way from then on. If not, or if the server has no such route, it is a base
    model. The trial is one short request for each worker process. A server that does not answer decides nothing.

    Args:
        few_shot: asks base models.
        instruct: asks instruct models.
        examples: what the trial's lines are taken from.
    """

    def __init__(self, few_shot: LlmTranslator, instruct: InstructTranslator, examples: ExampleTable) -> None:
        self._few_shot = few_shot
        self._instruct = instruct
        self._trial = examples.between(*TRIAL)[:TRIAL_LINES]
        self._decided: LlmTranslator | InstructTranslator | None = None
        self._deciding = asyncio.Lock()

    @property
    def engine(self) -> str:
        """The engine's name."""
        return ENGINE

    def model(self, source_language: str, target_language: str) -> str:
        """The model's name."""
        return self._few_shot.model(source_language, target_language)

    def check(self, source_language: str, target_language: str) -> None:
        """See ``Translator``. Before the trial nothing is refused; ``translate`` does so after it."""
        if self._decided is not None:
            self._decided.check(source_language, target_language)

    async def translate(
        self, lines: Sequence[Line], source_language: str, target_language: str, errand: Errand
    ) -> list[Rendering]:
        """See ``Translator``."""
        async with self._deciding:
            if self._decided is None:
                self._decided = self._instruct if await self._follows_instructions() else self._few_shot
                log.info("llm.style_decided", style="chat" if self._decided is self._instruct else "completion")
        return await self._decided.translate(lines, source_language, target_language, errand)

    async def _follows_instructions(self) -> bool:
        try:
            renderings = await self._instruct.ask_once([Line(each.source) for each in self._trial], *TRIAL)
        except LlmRefused:
            return False
        near = [_alike(renderings[number].text, each.target) for number, each in enumerate(self._trial) if number in renderings]
        return sum(near) >= TRIAL_PASSED


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, letters(one).casefold(), letters(other).casefold()).ratio() >= ALIKE
