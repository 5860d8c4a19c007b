"""Which engines a worker has, in which order they are tried, and what they refuse."""

import pytest

from setu_common.settings import ModelSettings
from setu_translate.domain.chatting import MOST_CHARACTERS, batches
from setu_translate.domain.guards import fault
from setu_translate.domain.lines import Line
from setu_translate.domain.wording import MARKS, is_of_another_language
from setu_translate.engines.choice import Engines
from setu_translate.engines.instruct import InstructTranslator
from setu_translate.engines.llm import LlmTranslator
from setu_translate.engines.styles import SelfStyled
from setu_translate.errors import EngineMissing
from setu_translate.settings import LlmSettings, LocalSettings
from setu_translate.worker import language_model, local_engines


@pytest.mark.parametrize(("style", "kind"), [("completion", LlmTranslator), ("chat", InstructTranslator), ("auto", SelfStyled)])
async def test_a_model_is_asked_in_the_style_of_the_settings(monkeypatch, style, kind):
    monkeypatch.setenv("SETU_TRANSLATE_LLM_STYLE", style)
    async with language_model(LlmSettings()) as engine:
        assert isinstance(engine, kind)
        assert (engine.engine, engine.model("fr", "en")) == ("llm", "gemma3-270m")


def test_by_default_a_model_shows_by_itself_how_it_can_be_asked():
    assert LlmSettings().style == "auto"


@pytest.fixture
def installed(tmp_path):
    return {engine.engine: engine for engine in local_engines(LocalSettings(), ModelSettings(folder=tmp_path, offline=True))}


async def test_engines_without_their_models_are_passed_over(installed):
    async with language_model(LlmSettings(style="completion")) as llm:
        engines = Engines(installed | {"llm": llm}, ("indictrans2", "nllb", "llm"))
        assert [engine.engine for engine in engines.choose(None, "hi", "en")] == ["llm"]


def test_if_no_engine_can_it_is_said_why_each_can_t(installed):
    engines = Engines(installed, ("indictrans2", "nllb"))
    with pytest.raises(EngineMissing, match=r"indictrans2: .*from French.* nllb: .*setu models pull nllb-200-distilled-600m"):
        engines.choose(None, "fr", "en")


def test_requests_hold_so_many_lines_and_characters_and_no_more():
    assert batches([Line("x")] * 23, 10) == [list(range(10)), list(range(10, 20)), [20, 21, 22]]
    long = Line("x" * (MOST_CHARACTERS // 2 + 1))
    assert batches([long, long, Line("y"), long], 10) == [[0], [1, 2], [3]]
    assert batches([Line("x" * 3 * MOST_CHARACTERS), Line("y")], 10) == [[0], [1]]
    assert batches([], 10) == []


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Je ne sais pas où elle est allée.", "en", True),
        ("No sé qué hay en los libros que leyó.", "en", True),
        ("She said that she would be here with you.", "fr", True),
        ("Das ist nicht meine Schuld, und ich weiß das.", "en", True),
        ("Nie wiem, czy on już jest w domu, ale tak.", "en", True),
        ("I'd rather die than go to war.", "en", False),
        ("Come on, hay is for horses!", "en", False),
        ("C'est la vie.", "en", False),  # too short to tell
        ("Je suis venue voir le film The Man in the Hat.", "fr", False),
        ("Ik weet het niet zeker.", "nl", False),
        ("मुझे नहीं पता कि वह कहाँ है।", "hi", False),
        ("Anything at all in a language that is not told apart", "hi", False),
    ],
)
def test_the_wrong_language_of_the_same_script_is_noticed(text, language, expected):
    assert is_of_another_language(text, language) is expected


def test_no_two_languages_share_a_word_that_marks_one():
    words = [word for marks in MARKS.values() for word in marks]
    assert len(words) == len(set(words))
    assert all(len(marks) >= 10 for marks in MARKS.values())


def test_hardly_anything_for_a_long_line_is_no_translation_of_it():
    line = "Est-ce que tu peux me dire où se trouve la gare, s'il te plaît ?"

    def fault_of(answer, target="en", of=line):
        return fault(answer, of, source_language="fr", target_language=target, examples=(), cut_off=False)

    assert fault_of("No.") == "shrunk"
    assert fault_of("Where is the station?") is None
    assert fault_of("请问火车站在哪里？", "zh") is None
    assert fault_of("No.", of="Non merci.") is None
