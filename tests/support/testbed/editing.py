"""A film of a few scenes, a model that says of it whatever a test wants, and simple instruments to measure edits by."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from types import TracebackType
from typing import Any, NoReturn, Self

from setu_common.contracts import Context, QualityScore, Reason
from setu_common.cost import Usage
from setu_common.llm import Answer, Finish, Heard, LlmProvider, Message, Spent, spend
from setu_enhancer.domain.glossary import Entry, Glossary
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.editing import Edited, Editor, Edits, Instruments, Priced
from setu_enhancer.memory import Example, Made, Memory, NoMemory, Remembered
from setu_enhancer.settings import EditingSettings

HINDI = Pair("hi", "en")
# What is said, its literal draft, and what it is in English; None for what the draft says well already.
SCENES: tuple[tuple[tuple[str, str, str | None], ...], ...] = (
    (
        ("राज, तुम कहाँ थे?", "King, where were you?", "Raj, where were you?"),
        ("मैं आशा के घर पर था।", "I was at hope's house.", "I was at Asha's house."),
        ("अरे बाप रे, इतनी रात को?", "Oh father, this late at night?", "Good grief, this late at night?"),
        ("मेरे पास 500 रुपये नहीं थे।", "With me 500 rupees were not there.", "I didn't have 500 rupees."),
        ("तो फिर टैक्सी कैसे ली?", "So then how did you take a taxi?", None),
        ("राज ने कभी झूठ नहीं बोला।", "King has never spoken a lie.", "Raj has never told a lie."),
    ),
    (
        ("दरवाज़ा बंद करो।", "Close the door.", None),
        ("टेंशन मत लो, मैं हूँ ना।", "Do not take tension, I am no.", "Don't worry, I'm here."),
        ("हम 7 बजे निकलेंगे।", "We will exit at 7 o'clock.", "We leave at 7 o'clock."),
        ("उसकी तो नाक कट गई।", "His nose was cut.", "He was humiliated."),
        ("पानी पियोगे?", "Will you drink water?", None),
    ),
    (
        ("आशा कल दिल्ली जा रही है।", "Hope is going to Delhi tomorrow.", "Asha is going to Delhi tomorrow."),
        ("किसके साथ जा रही है वह?", "With whom is she going?", "Who is she going with?"),
        ("अकेली, और वह डरती नहीं है।", "Alone, and fear does not come to her.", "Alone, and she isn't afraid."),
        ("चलो यार, देर हो रही है।", "Walk friend, lateness is happening.", "Come on, man, it's getting late."),
    ),
)
ENGLISH = dict(enumerate(row[2] or row[1] for scene in SCENES for row in scene))
LINES = tuple(
    Line(index, start, start + 3.0, source, draft, speaker="AB"[index % 2])
    for index, (start, source, draft) in enumerate(
        (number * 60.0 + place * 3.5, row[0], row[1]) for number, scene in enumerate(SCENES) for place, row in enumerate(scene)
    )
)
NAMES = (
    Entry(source=("राज",), target="Raj", accepted=("Raj",), kind="name", provenance="caller", gender="male"),
    Entry(source=("आशा",), target="Asha", accepted=("Asha",), kind="name", provenance="tmdb", gender="female"),
)
ASKED = (Reason(kind="asked"),)
NAMED = (Reason(kind="name", detail="a name is translated"),)
WRITES_S = 0.05  # by the loop's clock, between two pieces
USAGE = Usage(input_tokens=900, output_tokens=100)

Document = dict[str, Any]  # Any: JSON
Say = Callable[[Document], str]


def document_of(user: str) -> Document:
    """The document in a message."""
    found = json.loads(user[user.index("\n") + 1 : user.rindex("\nAnswer with JSON only")].rsplit("\n", 1)[0])
    assert isinstance(found, dict)
    return found


def ids_of(document: Document) -> list[int]:
    """The lines that are asked for."""
    return list(asked_in(document))


def shown_in(document: Document) -> dict[str, str | None]:
    """What stands around the lines that are asked for: what is said, and what that was edited to."""
    around = [line for line in document["lines"] if isinstance(line, list) and not isinstance(line[0], int)]
    return {line[1]: line[2] if line[2:] else None for line in around}


def asked_in(document: Document) -> dict[int, Document]:
    """What a document tells of each line that is asked for, by its id."""
    return {line[0]: _named(*line) for line in document["lines"] if isinstance(line[0], int)}


def _named(number: int, by: str, source: str, draft: str, *more: str | Document) -> Document:
    told: Document = {"id": number, "by": by, "source": source, "draft": draft}
    for each in more:
        told |= {"why": each} if isinstance(each, str) else each
    return told


def reply_of(texts: Mapping[int, str] | Iterable[tuple[Any, Any]]) -> str:
    """A reply in a form that models like, and that is not the one they are asked for."""
    pairs = texts.items() if isinstance(texts, Mapping) else texts
    return json.dumps({"lines": [{"id": number, "text": text} for number, text in pairs]}, ensure_ascii=False)


def written(texts: Mapping[int, str] | Iterable[tuple[Any, Any]]) -> str:
    """A reply in the form that is asked for."""
    pairs = texts.items() if isinstance(texts, Mapping) else texts
    return json.dumps({"lines": [f"{number}|{text}" for number, text in pairs]}, ensure_ascii=False)


def translated(document: Document) -> str:
    """What a good model says."""
    return written({number: ENGLISH[number] for number in ids_of(document)})


def verdicts_of(user: str, accuracy: Callable[[str], float] = lambda _text: 80.0) -> str:
    """What a judge says that was asked about translations; empty if somebody asked for edits."""
    if not user.startswith('{"lines":[["a",'):
        return ""
    lines = json.loads(user)["lines"]
    return json.dumps(
        {"verdicts": [key + "".join(str(int(accuracy(text) // 10)) for text in texts) + "8" for key, _, *texts in lines]}
    )


def names_of(user: str, names: Iterable[Entry] = NAMES) -> str:
    """What a reader says that was asked for the names of a text; empty if it was asked for something else."""
    if not user.startswith('{"lines":{"1":'):
        return ""
    lines = json.loads(user)["lines"]
    told = [
        f"{name.source[0]}|{name.target}|{(name.gender or '-')[0]}|{','.join(number for number, said in lines.items() if name.source[0] in said)}"
        for name in names
    ]
    return json.dumps({"names": told}, ensure_ascii=False)


class Model:
    """A ``LlmProvider`` that says what a test wants.

    Args:
        say: what, of a document; what it raises is raised.
        name: the provider's.
        goes_on: what it says as a base model, of a prompt.

    Attributes:
        asked: the documents.
        messages: what it was told each time.
        prompts: those that it was to go on with.
    """

    def __init__(
        self,
        say: Say = translated,
        *,
        name: str = "fake",
        goes_on: Callable[[str], str] = lambda _prompt: "",
        finish: Finish = Finish.STOP,
    ) -> None:
        self.name = name
        self.model = f"{name}-model"
        self.asked: list[Document] = []
        self.messages: list[Sequence[Message]] = []
        self.prompts: list[str] = []
        self._say = say
        self._goes_on = goes_on
        self._finish = finish

    @property
    def ids(self) -> list[list[int]]:
        """Which lines were asked for, by request."""
        return [ids_of(document) for document in self.asked]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def complete(
        self, prompt: str, *, max_tokens: int, stop: Sequence[str] = (), timeout_s: float | None = None
    ) -> Answer[str]:
        self.prompts.append(prompt)
        said = self._goes_on(prompt)
        spend(Spent(self.name, self.model, USAGE))
        return Answer(said, said, self.name, self.model, USAGE, self._finish)

    async def chat(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        shape: Mapping[str, object] | None = None,
        timeout_s: float | None = None,
        heard: Heard | None = None,
        probabilities: bool = True,
    ) -> Answer[str]:
        self.messages.append(messages)
        self.asked.append(document_of(messages[-1].text))
        said = self._say(self.asked[-1])
        spend(Spent(self.name, self.model, USAGE))
        return Answer(said, said, self.name, self.model, USAGE, self._finish)

    async def chat_as(self, *_: object, **__: object) -> NoReturn:
        raise AssertionError("an answer in a form that pydantic insists on is lost where half of it would do")


def guard(line: Line, edit: str, pair: Pair, glossary: Glossary, *, characters_per_s: float) -> tuple[Breach, ...]:
    """A simple guard: the script, the numbers, the names, a refusal, the length."""
    found = []
    if re.search(r"[ऀ-ॿ]", edit):
        found.append(Breach("script", "there is Devanagari in it"))
    if re.findall(r"\d+", line.source) != re.findall(r"\d+", edit):
        found.append(Breach("number", "the numbers differ"))
    found += [Breach("name", f"{entry.target} is missing") for entry in glossary.missing(line.source, edit)]
    if re.search(r"(?i)sorry|as an ai|i cannot", edit):
        found.append(Breach("refusal", "it declines"))
    if len(edit) > 3 * len(line.draft) or len(edit) > characters_per_s * line.duration_s:
        found.append(Breach("proportion", "it is too long"))
    return tuple(found)


def scorer(
    line: Line,
    text: str,
    pair: Pair,
    glossary: Glossary,
    *,
    judgement: object = None,
    mean_logprob: float | None = None,
    neighbours: Sequence[str] = (),
) -> QualityScore:
    """A scorer that knows good English when it sees it."""
    total = 90.0 if text == ENGLISH.get(line.index) else 50.0
    return QualityScore(total=total, accuracy=total, fluency=total, consistency=total, cultural=total, confidence=0.5)


def better(before: QualityScore, after: QualityScore, margin: float) -> bool:
    return after.total - before.total >= margin


SIMPLE = Instruments(guard, scorer, better)


class Writing(Model):
    """A model that takes its time to write, and is heard meanwhile.

    Args:
        say: see ``Model``.
        characters: so many at a time.
        streams: whether it can be heard; if not, it takes as long.
        options: see ``Model``.
    """

    def __init__(self, say: Say = translated, *, characters: int = 4, streams: bool = True, **options: Any) -> None:
        super().__init__(say, **options)  # Any: see Model
        self._characters = characters
        self._streams = streams

    async def chat(
        self, messages: Sequence[Message], *, heard: Heard | None = None, **options: Any
    ) -> Answer[str]:  # Any: see Model
        answer = await super().chat(messages, **options)
        for at in range(self._characters, len(answer.text) + self._characters, self._characters):
            await asyncio.sleep(WRITES_S)
            if heard is not None and self._streams:
                heard(answer.text[:at])
        return answer


class Kept:
    """A ``Memory`` in this process."""

    def __init__(self) -> None:
        self.made: dict[str, Made] = {}

    async def exact(self, keys: Sequence[str], *, of_edits: bool = False) -> Mapping[str, Remembered]:
        found = {key: self.made[key] for key in keys if key in self.made}
        return {key: Remembered(each.offered, each.provider, each.model, each.opinion) for key, each in found.items()}

    async def similar(self, pair: Pair, source: str, limit: int) -> Sequence[Example]:
        words = set(re.split(r"[\s,।?]+", source)) - {""}
        alike = [each for each in self.made.values() if each.kept and words & set(re.split(r"[\s,।?]+", each.source))]
        return [Example(each.source, each.offered, 0.8) for each in alike][:limit]

    async def remember(self, pair: Pair, edits: Sequence[Made]) -> None:
        self.made.update({each.key: each for each in edits})


def cents(provider: str, model: str, usage: Usage) -> Decimal:
    """A price: a cent for each 100 tokens."""
    return Decimal(usage.input_tokens + usage.output_tokens) / 10_000


@cache
def _plain() -> EditingSettings:
    return EditingSettings(lines_per_request=12)  # fewer than the film has; reading the environment takes longer than editing


async def edit(
    *models: LlmProvider,
    lines: Sequence[Line] = LINES,
    selected: Mapping[int, tuple[Reason, ...]] | None = None,
    instruments: Instruments = SIMPLE,
    memory: Memory | None = None,
    names: Sequence[Entry] = NAMES,
    completing: Sequence[str] = (),
    context: Context | None = None,
    progress: Callable[[float], None] | None = None,
    price: Priced = cents,
    pair: Pair = HINDI,
    **settings: Any,  # Any: fields of the settings
) -> Edits:
    """Edit the film, all its lines unless it is said which."""
    editor = Editor(
        models,
        prompts=read_prompts(),
        instruments=instruments,
        memory=memory or NoMemory(),
        settings=_plain().model_copy(update=settings),
        price=price,
        completing=completing,
    )
    chosen = {line.index: ASKED for line in lines} if selected is None else selected
    return await editor.edit(
        lines, chosen, pair, Glossary(tuple(names)), context or Context(), characters_per_s=20.0, progress=progress
    )


DRAFTS = [line.draft for line in LINES]
FIRST = dict.fromkeys(range(6), ASKED)  # a scene, in one window


def texts_of(edits: Edits) -> list[str]:
    """What is delivered."""
    return [each.text for each in edits]


def points(edited: Edited) -> tuple[float | None, ...]:
    """The scores before and after."""
    return tuple(None if score is None else score.total for score in (edited.before, edited.after))


def in_turn(*says: Say) -> Say:
    """What is said to one request after the other; the last is said to all that follow."""
    left = list(says)

    def say(document: Document) -> str:
        return (left.pop(0) if len(left) > 1 else left[0])(document)

    return say


def raising(error: Exception) -> Callable[[Any], str]:
    """A model that fails."""

    def say(_document: object) -> NoReturn:
        raise error

    return say


def with_texts(**texts: str) -> Say:
    """A good answer, but for some lines."""
    changed = {int(name.lstrip("l")): text for name, text in texts.items()}
    return lambda document: reply_of({number: changed.get(number, ENGLISH[number]) for number in ids_of(document)})
