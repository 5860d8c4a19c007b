"""A provider on loopback that hosts a model, for stacks that pay for what is translated and edited."""

import json

from setu_common.testing.dialects import Asked, Reply, Say
from setu_common.testing.openai_wire import OpenAiWire

MODEL = "gpt-5-mini"


class Hosted:
    """What a stack is told of. Each file of tests has its model say what it needs.

    Attributes:
        says: what the model says.
        wire: the provider, with its bill; somebody has to serve it.
    """

    def __init__(self) -> None:
        self.says: Say = _nothing
        self.wire = OpenAiWire(say=self._said)

    @property
    def settings(self) -> dict[str, str]:
        """Of a stack whose lines the model translates and edits."""
        url = f"{self.wire.url}/v1"
        return {
            "SETU_TRANSLATE_LLM_URL": url,
            "SETU_TRANSLATE_LLM_MODEL": MODEL,
            "SETU_TRANSLATE_LLM_API_KEY": "any",
            "SETU_TRANSLATE_LLM_STYLE": "chat",
            "SETU_TRANSLATE_LLM_BILLED_AS": "openai",
            "SETU_TRANSLATE_JOIN_SENTENCES": "false",
            "SETU_LLM_PROVIDERS": json.dumps([{"name": "vendor", "model": MODEL, "base_url": url, "billed_as": "openai"}]),
        }

    def _said(self, asked: Asked) -> str | Reply:
        return self.says(asked)


def _nothing(_asked: Asked) -> str:
    return ""
