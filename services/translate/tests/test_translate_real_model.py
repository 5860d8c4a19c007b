"""The embedded language model, really asked. Few lines, and loose demands: it is a small model."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from setu_translate.domain.scripts import is_in_script_of
from setu_translate.engines.chat import Chat
from setu_translate.engines.completions import Completions
from setu_translate.engines.examples import read_examples
from setu_translate.engines.instruct import InstructTranslator
from setu_translate.engines.llm import LlmTranslator
from setu_translate.engines.styles import SelfStyled
from setu_translate.errors import LanguagePairUnsupported

pytestmark = [pytest.mark.models, pytest.mark.timeout(400)]

LINES = tomllib.loads((Path(__file__).parent / "data" / "lines.toml").read_text())["line"]


@pytest.fixture(scope="module")
def real_llm_url():
    """The embedded model's server, as the stack starts it."""
    command = [sys.executable, "-m", "setu_cli.llama", "--port", "0"]
    process = subprocess.Popen(command, env=os.environ | {"SETU_LOG_JSON_LINES": "true"}, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if (event := json.loads(line))["event"] == "llm.listening":
                yield event["url"]
                break
        else:
            pytest.fail("the server did not start")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture
async def real_translator(real_llm_url):
    async with Completions(base_url=real_llm_url, model="gemma3-270m", api_key=None, timeout_s=120) as completions:
        yield LlmTranslator(completions, read_examples(), parallel=4)


def shared_words(one: str, other: str) -> float:
    """How many of the words of ``other`` are in ``one``, 0..1."""
    first, second = ({word.strip(".,!?").casefold() for word in text.split()} for text in (one, other))
    return len(first & second) / len(second)


@pytest.mark.parametrize("source", ["fr", "hi"])
async def test_everyday_lines_come_out_in_english_that_says_the_same(translate_lines, real_translator, source):
    some = LINES[:6]
    renderings = await translate_lines(real_translator, *(line[source] for line in some), source=source)
    assert all(rendering.usable for rendering in renderings)
    assert all(0 < rendering.confidence <= 1 for rendering in renderings)
    likeness = [shared_words(rendering.text, line["en"]) for rendering, line in zip(renderings, some, strict=True)]
    assert sum(likeness) / len(likeness) > 0.5


async def test_hindi_comes_out_in_devanagari(translate_lines, real_translator):
    lines = [line["en"] for line in LINES[:4]]
    renderings = await translate_lines(real_translator, *lines, source="en", target="hi")
    usable = [rendering for rendering in renderings if rendering.usable]
    assert len(usable) >= 3
    assert all(is_in_script_of(rendering.text, "hi") for rendering in usable)


async def test_a_base_model_shows_that_it_is_one(translate_lines, real_llm_url):
    server = {"base_url": real_llm_url, "model": "gemma3-270m", "api_key": None, "timeout_s": 120}
    async with Completions(**server) as completions, Chat(**server) as chat:
        examples = read_examples()
        few_shot = LlmTranslator(completions, examples, parallel=4)
        engine = SelfStyled(few_shot, InstructTranslator(chat, parallel=4, lines_per_request=10), examples)
        (rendering,) = await translate_lines(engine, LINES[0]["fr"])
        assert rendering.usable
        with pytest.raises(LanguagePairUnsupported):  # as few-shot prompts have it
            engine.check("ta", "en")
