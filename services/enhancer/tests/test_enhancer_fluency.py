"""A text's probability is measured where a server can tell it, and nowhere made up."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

import pytest

from setu_common.cost import Unmetered, Usage
from setu_common.http import Dependencies, Policy
from setu_common.http.timing import REAL
from setu_common.llm import Answer, LimitPolicy, Limits, LlmRequestRefused, LlmUnavailable
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.llm.provider import Token
from setu_enhancer.fluency import IMPROBABLE, LEAD, PROBE, CompletionsFluency


class Server:
    """Has words of one probability each, those of the improbable sentence of another; ``can`` says by which way it tells them."""

    def __init__(self, can: str) -> None:
        self.can = can
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    async def complete(
        self,
        prompt: str,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        timeout_s: float | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Answer[str]:
        parameters = parameters or {}
        self.asked.append((prompt, parameters))
        if "grammar" in parameters and self.can == "refuses grammars":
            raise LlmRequestRefused("no such parameter")
        if "grammar" in parameters and self.can in ("held", "certain"):
            text = json.loads(str(parameters["grammar"]).removeprefix("root ::= "))
            return self._answer(text, self._tokens(text))
        if "echo" in parameters and self.can in ("echo", "refuses grammars"):
            text = f"{prompt} more"
            return self._answer(text, self._tokens(text)[1:])  # the first has no probability
        return self._answer("Something else.", ())

    def _tokens(self, text: str) -> tuple[Token, ...]:
        parts = [part if place == 0 else f" {part}" for place, part in enumerate(text.split(" "))]
        if self.can == "certain":
            return tuple(Token(len(part.encode()), 0.0) for part in parts)
        odd = IMPROBABLE.split()[0]
        return tuple(Token(len(part.encode()), -8.0 if odd in text or "हूँ" in part else -2.0) for part in parts)

    def _answer(self, text: str, tokens: Sequence[Token]) -> Answer[str]:
        return Answer(text, text, "own", "m", Usage(), tokens=tuple(tokens))


@pytest.mark.parametrize("can", ["held", "echo", "refuses grammars"])
async def test_a_text_is_measured_by_what_the_server_can(can):
    server = Server(can)
    fluency = CompletionsFluency(server)
    assert await fluency.mean_logprobs(["I see you.", IMPROBABLE, "घर हूँ"], "en") == [
        pytest.approx(-2.0),
        pytest.approx(-8.0),
        pytest.approx(-5.0),
    ]


@pytest.mark.parametrize("can", ["nothing", "certain"])
async def test_a_server_that_can_not_tell_has_no_scores_and_is_not_asked_again(can):
    server = Server(can)
    fluency = CompletionsFluency(server)
    assert await fluency.mean_logprobs(["I see you.", "You see me."], "en") == [None, None]
    probes = len(server.asked)
    assert await fluency.mean_logprobs(["I see you."], "en") == [None]
    assert len(server.asked) == probes
    assert "I see you." not in json.dumps(server.asked)


async def test_each_text_is_asked_for_once_and_quotes_do_no_harm():
    server = Server("held")
    texts = ['She said "no" \\ yes', "I see you.", "I see you.", "", "x" * 5000]
    found = await CompletionsFluency(server).mean_logprobs(texts, "en")
    assert found == [pytest.approx(-2.0)] * 3 + [None, None]
    assert len(server.asked) == 2 + 2


@pytest.mark.parametrize("can", ["held", "echo"])
async def test_control_characters_are_not_put_before_a_server(can):
    server = Server(can)
    controls = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
    found = await CompletionsFluency(server).mean_logprobs(["I\x00 see\x1b\tyou.\n", "I see you.", controls], "en")
    assert found == [pytest.approx(-2.0), pytest.approx(-2.0), None]
    asked = [
        prompt.removeprefix(LEAD.format(language="English")) + str(each.get("grammar", ""))
        for prompt, each in server.asked[-2:]
    ]
    assert {text.removeprefix("root ::= ").strip('"') for text in asked} == {"I see you."}


async def test_a_text_that_would_take_longer_than_it_may_is_not_asked_about():
    server = Server("held")
    fluency = CompletionsFluency(server, timeout_s=30)
    longest = 2 * "I see what you mean, and " + "we see what you see."  # two full rows of Latin letters are less
    found = await fluency.mean_logprobs([longest, "क" * 50, longest * 3, "क" * 51], "en")
    assert (found, fluency.longest_bytes) == ([pytest.approx(-2.0)] * 2 + [None, None], 150)
    assert len(server.asked) == 2 + 2
    assert [CompletionsFluency(server, timeout_s=time_s).longest_bytes for time_s in (2, 60, None)] == [150, 300, 2000]


async def test_the_way_is_found_once_however_many_ask():
    server = Server("held")
    fluency = CompletionsFluency(server)
    await fluency.mean_logprobs([PROBE], "en")
    await fluency.mean_logprobs([PROBE], "hi")
    assert len(server.asked) == 2 + 1 + 1
    assert server.asked[-1][0] == "Film subtitles in Hindi:\n"


async def test_a_server_that_is_away_is_told():
    class Away(Server):
        async def complete(self, *_arguments: object, **_options: object) -> Answer[str]:
            raise LlmUnavailable("away")

    with pytest.raises(LlmUnavailable):
        await CompletionsFluency(Away("held")).mean_logprobs(["I see you."], "en")


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


@pytest.mark.models
@pytest.mark.timeout(400)
async def test_the_embedded_model_expects_what_people_say_rather_than_what_is_translated_word_by_word(real_llm_url):
    literal = [
        "He has become nine two eleven.",
        "To me hunger is attached.",
        "Do not take tension friend, all will become fine.",
    ]
    fluent = ["He ran away.", "I'm hungry.", "Don't worry, man, everything will be fine."]
    async with OpenAiProvider(
        base_url=real_llm_url,
        model="gemma3-270m",
        api_key=None,
        billed_as="own",
        dependency=Dependencies().dependency("fluency", Policy(attempt_s=120)),
        limits=Limits("fluency", LimitPolicy(), REAL),
        meter=Unmetered(),
        timeout_s=120,
    ) as provider:
        found = await CompletionsFluency(provider).mean_logprobs([*literal, *fluent], "en")
    told = [value for value in found if value is not None and math.isfinite(value) and value < 0]
    assert len(told) == len(found)
    pairs = list(zip(told[:3], told[3:], strict=True))
    assert all(after > before for before, after in pairs), pairs
