"""A language model that is asked on paper: requests are written into a folder, word by word, and answered from what lies there."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel

from setu_common.cost import Usage
from setu_common.llm import Answer, Heard, Message

M = TypeVar("M", bound=BaseModel)

NAME_LENGTH: Final = 12


class OnPaper:
    """What a judge or a reader needs of a ``LlmProvider``: it writes requests as NAME.txt, and answers what lies beside them as NAME.json; else nothing.

    Args:
        folder: of requests and answers.
        nothing: the answer that says nothing.
    """

    name: Final = "on paper"
    model: Final = "on paper"

    def __init__(self, folder: Path, nothing: BaseModel) -> None:
        self.asked = 0
        self.answered = 0
        self._folder = folder
        self._nothing = nothing.model_dump_json()

    async def chat_as(
        self,
        schema: type[M],
        messages: Sequence[Message],
        *,
        max_tokens: int,  # noqa: ARG002  see LlmProvider
        timeout_s: float | None = None,  # noqa: ARG002
        heard: Heard | None = None,  # noqa: ARG002
    ) -> Answer[M]:
        """See ``LlmProvider``."""
        told = "\n\n".join(each.text for each in messages)
        # By its lines: the names beside them are as rules know them, and who answered them once is not asked anew for another rule.
        about = json.dumps([messages[0].text, json.loads(messages[-1].text)["lines"]])
        name = hashlib.sha256(about.encode()).hexdigest()[:NAME_LENGTH]
        answer = self._folder / f"{name}.json"
        (self._folder / f"{name}.txt").write_text(told, encoding="utf-8")
        text = answer.read_text("utf-8") if answer.exists() else self._nothing
        self.asked, self.answered = self.asked + 1, self.answered + answer.exists()
        return Answer(schema.model_validate_json(text), text, self.name, self.model, Usage())
