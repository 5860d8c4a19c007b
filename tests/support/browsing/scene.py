"""A recording of a few lines, and a provider that translates and edits them as a good one would, behind a real socket."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from setu_common.testing.dialects import Asked
from setu_common.testing.openai_wire import OpenAiWire
from testbed.editing import asked_in, document_of, reply_of, verdicts_of
from testbed.wires import serving

MODEL: Final = "gpt-5-mini"
NAME: Final = "Blanqui"
# What the French sample says begins so; how a hasty translator puts it; how it should read, if someone's name is in it.
LINES: Final = (
    ("bonjour", "Hello world.", "Hello world."),
    ("portez", "Wear this old whisky to the white judges.", f"Take this old whisky to Judge {NAME}."),
)
COUNTING: Final = "One, two, three, four, five, six, seven, eight, nine, ten."


def says(asked: Asked) -> str:
    """A translator in a hurry, and an editor who knows what it should read, and thinks well of it."""
    if verdicts := verdicts_of(asked.messages[-1][1], lambda text: 95.0 if any(text == good for *_, good in LINES) else 50.0):
        return verdicts
    if "into English" in asked.messages[0][1] and not asked.messages[-1][1].startswith("<<"):
        lines = json.loads(asked.messages[-1][1])["lines"]
        return reply_of({line["id"]: _draft(line["text"]) for line in lines})
    edited = {draft: text for _, draft, text in LINES}
    lines = asked_in(document_of(asked.messages[-1][1]))
    return reply_of((number, edited.get(line["draft"], line["draft"])) for number, line in lines.items())


def _draft(source: str) -> str:
    known = (draft for beginning, draft, _ in LINES if source.lower().startswith(beginning))
    return next(known, COUNTING)


@contextmanager
def served_scene() -> Iterator[OpenAiWire]:
    """Run the provider beside a caller that has no event loop."""
    with serving(OpenAiWire(say=says)) as wire:
        yield wire


def scene_settings(url: str) -> dict[str, str]:
    """Have a stack's processes translate and edit by the provider at ``url``."""
    return {
        "SETU_TRANSLATE_LLM_URL": f"{url}/v1",
        "SETU_TRANSLATE_LLM_MODEL": MODEL,
        "SETU_TRANSLATE_LLM_API_KEY": "any",
        "SETU_TRANSLATE_LLM_STYLE": "chat",
        "SETU_TRANSLATE_LLM_BILLED_AS": "openai",
        "SETU_TRANSLATE_JOIN_SENTENCES": "false",
        "SETU_LLM_PROVIDERS": json.dumps([{"name": "vendor", "model": MODEL, "base_url": f"{url}/v1", "billed_as": "openai"}]),
    }


def name_in(heard: str) -> dict[str, object]:
    """What is known beforehand of a recording of which the last line was heard so: its last word but one is somebody's name."""
    return {"title": "Café de nuit", "characters": [{"name": NAME, "source": heard.split()[-2]}]}
