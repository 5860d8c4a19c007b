"""The engine, through the real SDK, against a server on loopback that misbehaves in every way."""

import asyncio
import contextlib
import math
import socket

import pytest
from fastapi.responses import JSONResponse, PlainTextResponse
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from setu_common.contracts import Term
from setu_common.errors import DependencyUnavailable, is_retryable
from setu_common.testing import loopback, raw_loopback
from setu_translate.domain.guards import fault
from setu_translate.domain.lines import Line
from setu_translate.domain.prompting import one_line
from setu_translate.engines.completions import Completions
from setu_translate.engines.examples import read_examples
from setu_translate.engines.llm import LlmTranslator
from setu_translate.engines.server import AWAY_S
from setu_translate.engines.translator import Rendering
from setu_translate.errors import LanguagePairUnsupported, LlmRefused

WORDS = ["Bonjour", "Merci", "Au revoir", "Peut-être", "Jamais", "Toujours", "Demain", "Hier", "Encore"]


@pytest.fixture(scope="module")
def translate(translate_lines):
    return translate_lines


async def test_lines_keep_their_order_and_at_most_four_are_under_way(translate, translator, llm):
    llm.waits_for_four = True
    llm.delay_s = lambda line: 0.1 - 0.01 * WORDS.index(line)  # the last are done first
    renderings = await translate(translator, *WORDS)
    assert [rendering.text for rendering in renderings] == [word.upper() for word in WORDS]
    assert llm.most_at_once == 4


async def test_a_request_is_greedy_bounded_and_shows_examples_before_the_line(translate, translator, llm):
    await translate(translator, "Où\n vas-tu ?")
    (body,) = llm.requests
    assert (body["temperature"], body["stop"], body["logprobs"], body["model"]) == (0, ["\n"], 1, "some-model")
    assert 10 < body["max_tokens"] < 100
    assert body["prompt"].endswith("\n\nFrench: Où vas-tu ?\nEnglish:")
    assert body["prompt"].count("English:") == len(read_examples().between("fr", "en")) + 1


@pytest.mark.parametrize(
    "logprobs",
    [
        {"tokens": ["a", "b"], "token_logprobs": [math.log(0.5), math.log(0.125)], "top_logprobs": [], "text_offset": []},
        {"content": [{"token": "a", "logprob": math.log(0.5)}, {"token": "b", "logprob": math.log(0.125)}]},
    ],
)
async def test_confidence_is_the_geometric_mean_of_the_tokens_probabilities(
    translate, translator, llm, completion_body, logprobs
):
    llm.reply = lambda *_: completion_body("Hello", logprobs=logprobs)
    (rendering,) = await translate(translator, "Bonjour")
    assert rendering.text == "Hello"
    assert rendering.confidence == pytest.approx(0.25)


@pytest.mark.parametrize("logprobs", [None, {}, {"token_logprobs": [None]}, {"content": [{}]}, {"content": []}])
async def test_without_probabilities_there_is_no_confidence(translate, translator, llm, completion_body, logprobs):
    llm.reply = lambda *_: completion_body("Hello", logprobs=logprobs)
    assert (await translate(translator, "Bonjour"))[0].confidence is None


async def test_an_unusable_answer_is_asked_for_again_with_the_examples_in_another_order(translate, translator, llm):
    llm.reply = lambda *_: "" if len(llm.requests) == 1 else " Good day"
    assert await translate(translator, "Bonjour") == [Rendering("Good day", None)]
    first, second = (request["prompt"] for request in llm.requests)
    assert first != second
    assert sorted(first.split("\n\n")) == sorted(second.split("\n\n"))


async def test_a_line_without_a_usable_answer_stays_as_it_is_and_the_others_do_not(translate, translator, llm):
    llm.reply = lambda line, _: "सुप्रभात" if line == "Merci" else "Fine"
    assert await translate(translator, "Bonjour", " Merci ", "Jamais") == [
        Rendering("Fine", None),
        Rendering(" Merci ", 0.0, usable=False),
        Rendering("Fine", None),
    ]
    assert len(llm.requests) == 4


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "context_length_exceeded", "message": "too long", "type": "invalid_request_error"}},
        {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error"}},
    ],
)
async def test_a_line_that_is_too_long_for_the_model_costs_only_itself(translate, translator, llm, body):
    llm.reply = lambda line, _: JSONResponse(body, 400) if line == "Merci" else "Fine"
    renderings = await translate(translator, "Bonjour", "Merci")
    assert [rendering.usable for rendering in renderings] == [True, False]


async def test_terms_are_shown_right_before_the_line_like_examples(translate, translator, llm):
    term = Term(source="Anneau Noir", target="Black Ring")
    llm.reply = lambda *_: "The Black Ring is lost."
    await translate(translator, Line("L'Anneau Noir est perdu.", terms=(term,)))
    (body,) = llm.requests
    assert "\n\nFrench: Anneau Noir\nEnglish: Black Ring\n\nFrench: L'Anneau" in body["prompt"]


async def test_a_term_is_no_answer_to_a_line_that_says_more(translate, translator, llm):
    llm.reply = lambda *_: "Black Ring"
    term = Term(source="Anneau Noir", target="Black Ring")
    lines = [Line(text, terms=(term,)) for text in ("Il a perdu l'Anneau Noir dans la forêt.", "L'Anneau Noir.")]
    assert [each.usable for each in await translate(translator, *lines)] == [False, True]


async def test_no_choices_are_an_empty_answer(translate, translator, llm, completion_body):
    llm.reply = lambda *_: completion_body("") | {"choices": []}
    assert await translate(translator, "Bonjour") == [Rendering("Bonjour", 0.0, usable=False)]


@pytest.mark.parametrize(
    ("pair", "named"), [(("ta", "en"), "Tamil"), (("en", "de"), "German"), (("ta", "de"), "Tamil and German")]
)
async def test_languages_without_examples_are_refused_by_name_before_anything_is_asked(translate, translator, llm, pair, named):
    with pytest.raises(LanguagePairUnsupported, match=f"does not know {named}.*Hindi") as raised:
        await translate(translator, "Bonjour", source=pair[0], target=pair[1])
    assert raised.value.context["supported"] == ["en", "es", "fr", "hi", "it", "ja", "pl", "pt", "zh"]
    assert llm.requests == []


@pytest.mark.parametrize(
    ("status", "error"), [(500, {}), (503, {}), (529, {}), (429, {}), (429, {"code": "rate_limit_exceeded"})]
)
async def test_a_busy_or_broken_server_is_worth_another_try(translate, translator, llm, status, error):
    llm.reply = lambda *_: JSONResponse({"error": error}, status, {"Retry-After": "17"})
    with pytest.raises(DependencyUnavailable) as raised:
        await translate(translator, *WORDS)
    assert is_retryable(raised.value)
    assert raised.value.retry_after_s == 17
    assert len(llm.requests) <= 4  # the SDK does not try again by itself, and the rest is given up


async def test_a_server_that_does_not_say_when_to_come_back_is_given_the_time_of_a_restart(translate, translator, llm):
    llm.reply = lambda *_: JSONResponse({"error": {}}, 503)  # as llama.cpp answers while it loads its model
    with pytest.raises(DependencyUnavailable) as raised:
        await translate(translator, "Bonjour")
    assert raised.value.retry_after_s == AWAY_S


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, {}), (401, {}), (403, {}), (404, {}), (422, {}), (429, {"code": "insufficient_quota"})],
)
async def test_a_refusal_is_not_tried_again_and_says_what_to_look_at_without_the_servers_words(
    translate, translator, llm, status, error
):
    llm.reply = lambda *_: JSONResponse({"error": error | {"message": "s3cret"}}, status)
    with pytest.raises(LlmRefused, match=f"answered {status}.*SETU_TRANSLATE_LLM") as raised:
        await translate(translator, "Bonjour")
    assert not is_retryable(raised.value)
    assert "s3cret" not in raised.value.problem().model_dump_json()


@pytest.mark.parametrize(
    "answer",
    [
        PlainTextResponse("<h1>Welcome to nginx</h1>", media_type="text/html"),
        PlainTextResponse("{broken", media_type="application/json"),
        JSONResponse(["no", "completion"]),
        JSONResponse({"choices": "none"}),
        JSONResponse(None),
    ],
)
async def test_an_answer_that_is_no_completion_is_a_dependency_that_does_not_work(translate, translator, llm, answer):
    llm.reply = lambda *_: answer
    with pytest.raises(DependencyUnavailable, match="no completion"):
        await translate(translator, "Bonjour")


async def test_choices_that_lack_their_fields_are_an_empty_answer(translate, translator, llm):
    llm.reply = lambda *_: JSONResponse({"choices": [{"index": 0}]})
    assert (await translate(translator, "Bonjour"))[0].usable is False


async def test_nobody_listening_is_a_dependency_that_does_not_answer(translate):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with Completions(base_url=f"http://127.0.0.1:{port}/v1", model="m", api_key=None, timeout_s=5) as completions:
        with pytest.raises(DependencyUnavailable, match=f"127.0.0.1:{port} does not answer"):
            await translate(LlmTranslator(completions, read_examples(), parallel=2), "Bonjour", "Merci")


async def test_a_server_that_drips_is_left_when_the_time_is_up():
    async def drip(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(40):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with (
        raw_loopback(drip) as url,
        Completions(base_url=f"{url}/v1", model="m", api_key=None, timeout_s=0.4) as completions,
    ):
        with pytest.raises(DependencyUnavailable, match=r"within 0\.4 s"):
            await completions.complete("x", stop="\n", max_tokens=3)


async def test_the_key_is_sent_where_there_is_one(llm, llm_url):
    async with Completions(base_url=llm_url, model="m", api_key=SecretStr("k-123"), timeout_s=5) as completions:
        await completions.complete("French: x\nEnglish:", stop="\n", max_tokens=3)
    assert llm.headers[0]["authorization"] == "Bearer k-123"


async def test_cancelling_ends_all_requests_under_way(translate, translator, llm):
    llm.delay_s = lambda _: 30
    task = asyncio.create_task(translate(translator, *WORDS))
    await asyncio.wait_for(llm.four_at_once.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 10)
    assert len(llm.requests) == 4


lies = st.one_of(
    st.text(max_size=60),
    st.sampled_from([
        "Hello there",
        "French: Bonjour",
        "A\nB\nC",
        "Where were you last night?",
        "no " * 200,
        "नमस्ते",
        "[1] one [2] two [3] three",
        "",
    ]),
)  # fmt: skip


@pytest.fixture(scope="module")
def liar(make_llm):
    """A server that lives through all of hypothesis' examples, an engine on it, and the loop of both."""
    fake = make_llm()

    @contextlib.asynccontextmanager
    async def engine():
        async with (
            loopback(fake.app) as url,
            Completions(base_url=f"{url}/v1", model="m", api_key=None, timeout_s=5) as completions,
        ):
            yield LlmTranslator(completions, read_examples(), parallel=4)

    with asyncio.Runner() as runner:
        made = engine()
        translator = runner.run(made.__aenter__())
        yield fake, translator, runner
        runner.run(made.__aexit__(None, None, None))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(WORDS) | st.text("éa \n-:", min_size=1, max_size=8), lies, lies), max_size=7))
def test_whatever_the_server_says_each_line_gets_its_own_translation_or_stays(translate, liar, script):
    fake, translator, runner = liar
    # The place is told to the server in the line itself, so that an answer can be traced to its line.
    lines = [f"l{place} {text}" for place, (text, _, _) in enumerate(script)]
    told = {one_line(line): list(answers) for line, (_, *answers) in zip(lines, script, strict=True)}
    fake.reply = lambda line, _: told[line].pop(0)
    fake.delay_s = lambda line: 0.001 * (hash(line) % 3)

    renderings = runner.run(translate(translator, *lines))

    assert len(renderings) == len(lines)
    for line, rendering, (_, first, second) in zip(lines, renderings, script, strict=True):
        if rendering.usable:
            assert rendering.text in (first.strip(), second.strip())
            assert fault_of(rendering.text, one_line(line)) is None
        else:
            assert rendering == Rendering(line, 0.0, usable=False)
            assert fault_of(first.strip(), one_line(line))
            assert fault_of(second.strip(), one_line(line))


def fault_of(answer: str, line: str) -> str | None:
    examples = read_examples().between("fr", "en")
    return fault(answer, line, source_language="fr", target_language="en", examples=examples, cut_off=False)
