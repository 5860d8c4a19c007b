"""OpenAI's SDK on a whole stack, with real models: the right text in every response format."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from ownstack.jobs import Caller, named, stored, unended
from ownstack.stack import OwnStack
from setu_common.subtitles import parse
from toystack.watching import eventually

STACK = "ordinary"
pytestmark = [
    pytest.mark.stack,
    pytest.mark.models,
    pytest.mark.timeout(300, func_only=True),
    pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning"),  # the SDK's own word on translations
]

CALL_S = 120.0
ERASED_S = 60.0


@pytest.fixture
def client(stack: OwnStack) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{stack.url}/v1", api_key="none", max_retries=0, timeout=CALL_S) as client:
        yield client


def words(text: str) -> list[str]:
    bare = "".join(character if character.isalnum() else " " for character in unicodedata.normalize("NFKC", text).casefold())
    return bare.split()


def job_ids(caller: Caller) -> list[str]:
    return [job["id"] for job in caller.http.get("/jobs").json()["jobs"]]


def test_what_is_said_comes_in_every_format_and_leaves_nothing(
    stack, caller: Caller, client, short_speech: Path, greeting: Path
):
    before, jobs = stored(stack), job_ids(caller)
    transcribe = client.audio.transcriptions.create
    verbose = transcribe(
        file=short_speech,
        model="whisper-1",
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
        language="fr",
        prompt="Une leçon de français.",
        temperature=0,
    )
    heard = words(verbose.text)
    assert heard[:3] == ["bonjour", "le", "monde"]
    assert verbose.language == "french"
    assert [word for segment in verbose.segments or () for word in words(segment.text)] == heard
    assert [word for each in verbose.words or () for word in words(each.word)] == heard
    times = [time for each in verbose.words or () for time in (each.start, each.end)]
    assert times == sorted(times)
    assert times[-1] <= verbose.duration

    as_json = transcribe(file=short_speech, model="whisper-base", language="fr")
    assert words(as_json.text)[:3] == ["bonjour", "le", "monde"]
    as_srt = parse(transcribe(file=short_speech, model="whisper-1", language="fr", response_format="srt"), "srt")
    assert [word for cue in as_srt for word in words(cue.text)] == words(as_json.text)
    as_vtt = parse(transcribe(file=greeting, model="whisper-1", language="fr", response_format="vtt"), "vtt")
    as_text = transcribe(file=greeting, model="whisper-1", language="fr", response_format="text")
    assert [word for cue in as_vtt for word in words(cue.text)] == words(as_text) == ["bonjour", "le", "monde"]
    assert eventually(lambda: stored(stack) == before, ERASED_S), (stored(stack) - before, named(stack), unended(stack))
    assert eventually(lambda: job_ids(caller) == jobs)  # the row goes last


def test_french_is_told_in_english(caller: Caller, client, short_speech: Path):
    told = client.audio.translations.create(file=short_speech, model="whisper-1", response_format="verbose_json")
    assert (told.language, len(told.segments or ())) == ("english", 3)
    assert {"hello", "good", "world"} & set(words(told.text))
    assert "bonjour" not in words(told.text)
