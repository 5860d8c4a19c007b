"""What a model is asked: prompts as versioned files, and the document that stands in each request.

Everything that was said in the film is inside one JSON document, between two marks that are made of its contents, so that no line can be taken
for an instruction or end the document it stands in. Ids are the lines' own indices, and stay the same when lines are sent again.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from setu_common.contracts import LANGUAGE_NAMES, Context, Reason
from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.preparing import prepared
from setu_enhancer.domain.windows import Ask, Break, Said, Window, is_roomy

GENERAL: Final = "general"
STOP: Final = "\n"
MOST_ANSWER_TOKENS: Final = 600  # for one line
TOKENS_AROUND_LINE: Final = 20  # of JSON
MARK_DIGITS: Final = 8
MOST_REASONS: Final = 4
# Reasons whose particulars a model sees for itself: in the list of names, in line and draft, in what there is room for.
PLAIN: Final = frozenset({"name", "term", "script", "negation", "length", "confidence", "reading-speed"})
MOST_DETAIL_CHARACTERS: Final = 160
# Characters of JSON a token, by estimate: what English takes, and what the writing of other languages takes at worst in the vocabularies
# of 2024 and later (gemma3's needs 0.42 tokens a character of Devanagari, OpenAI's o200k 0.37 by its announcement). Source: ``count`` below
# against the embedded model's ``/tokenize`` (docs/llm-translation-enhancement.md).
CHARACTERS_PER_TOKEN: Final = 3.6
OTHER_CHARACTERS_PER_TOKEN: Final = 2.0

BAR: Final = "|"
"""Between the id and the text of a line that is answered: what costs most of an answer would be the keys."""
SHAPE: Final[Mapping[str, object]] = {
    "type": "object",
    "properties": {"lines": {"type": "array", "items": {"type": "string"}}},
    "required": ["lines"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Completed:
    """An example for a model that only goes on with a text."""

    source: str
    draft: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Prompt:
    """A prompt, as its file has it.

    Args:
        name: the pair that it is for, or ``general``.
        version: raised whenever what models are told changes.
        sha256: of the file.
        system: what a chat model is to do, examples included; ``{source}``, ``{target}`` and ``{canary}`` stand for what they name.
        completed: examples for a base model, in the languages of ``pair``; a general prompt has none.
    """

    name: str
    version: str
    sha256: str
    system: str
    completed: tuple[Completed, ...] = ()

    @property
    def stamp(self) -> str:
        """Name, version and hash: what an audit says, and what tells one prompt's edits from another's."""
        return f"{self.name}@{self.version}+{self.sha256[:12]}"

    @property
    def canary(self) -> str:
        """A word that stands in the instructions and nowhere else: an answer that has it tells them."""
        return f"setu-{self.sha256[:8]}"

    def system_for(self, pair: Pair) -> str:
        """The system's message, the same for every request about a pair."""
        said = self.system.replace("{source}", LANGUAGE_NAMES.get(pair.source, pair.source))
        return said.replace("{target}", LANGUAGE_NAMES.get(pair.target, pair.target)).replace("{canary}", self.canary)


@dataclass(frozen=True)
class Asking:
    """One request.

    Args:
        system: what is the same for all requests of a film.
        user: the document.
        max_tokens: where the answer must end.
        marks: words that an answer can only have from the instructions or from around the document.
    """

    system: str
    user: str
    max_tokens: int
    marks: tuple[str, ...]


class Prompts:
    """The prompts that there are, by name.

    Raises:
        ValueError: there is no general one.
    """

    def __init__(self, prompts: Iterable[Prompt]) -> None:
        self._prompts = {prompt.name: prompt for prompt in prompts}
        if GENERAL not in self._prompts:
            raise ValueError(f"there must be a prompt {GENERAL!r} for pairs that have none of their own")

    def for_pair(self, pair: Pair) -> Prompt:
        """The pair's own, or the general one."""
        return self._prompts.get(str(pair), self._prompts[GENERAL])


def parse_prompt(text: str) -> Prompt:
    """A prompt's file, which is TOML.

    Raises:
        ValueError: it is none, or lacks what it needs.
    """
    told = tomllib.loads(text)
    try:
        examples = "\n\n".join(_example(each) for each in told["example"])
        completed = tuple(Completed(**each) for each in told.get("completed", ()))
        system = f"{told['system'].strip()}\n\n{examples}"
        return Prompt(told["name"], told["version"], sha256(text.encode()).hexdigest(), system, completed)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a prompt needs name, version, system and examples: {error}") from error


def _example(told: Mapping[str, Any]) -> str:  # Any: TOML
    """A document and its answer, as real ones look."""
    document = _document({name: told[name] for name in ("film", "names") if name in told}, told["line"])
    return f"Example:\n{document}\nAnswer:\n{answer_of({line['id']: line['text'] for line in told['answer']})}"


def answer_of(texts: Mapping[int, str]) -> str:
    """An answer as it is asked for.

    Args:
        texts: by id.
    """
    return _json({"lines": [f"{number}{BAR}{text}" for number, text in texts.items()]})


def prompt_of(window: Window, prompt: Prompt) -> Asking:
    """What a chat model is asked about a window."""
    head: dict[str, object] = {}
    if film := _film(window.context):
        head["film"] = film
    if window.entries:
        head["names"] = [_named(entry) for entry in window.entries]
    lines = [_shown(each, window) for each in window.shown]
    document = _document(head, lines)
    mark = sha256(document.encode("utf-8", "replace")).hexdigest()[:MARK_DIGITS]
    user = f"<<{mark}\n{document}\n{mark}>>\nAnswer with JSON only: {_counted([ask.line.index for ask in window.asks])}."
    bound = TOKENS_AROUND_LINE + sum(longest_answer_tokens(ask.line) + TOKENS_AROUND_LINE for ask in window.asks)
    return Asking(prompt.system_for(window.pair), user, bound, (mark, prompt.canary))


def completion_of(ask: Ask, window: Window, prompt: Prompt, *, with_draft: bool = True) -> str:
    """What a base model is to go on with, up to ``STOP``: examples, then the line.

    Names stand in the line as they are to be written, and idioms with what they mean, as far as that is known without a model.

    Args:
        ask: the line.
        window: where it stands.
        prompt: has examples for the pair.
        with_draft: whether the draft is shown; without it the line is translated anew.
    """
    pair, shown = window.pair, prepared(ask.line, window.entries, window.pair)
    source, target = (LANGUAGE_NAMES.get(code, code) for code in (pair.source, pair.target))
    shots = [*prompt.completed, Completed(one_line(shown.source), one_line(shown.draft), "", shown.meaning)]
    parts = []
    for each in shots:
        rows = [f"{source}: {each.source}"]
        if each.note:
            rows.append(f"Meaning: {each.note}")
        if with_draft:
            rows.append(f"Draft: {each.draft}")
        rows.append(f"{target}: {each.text}".rstrip())
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def one_line(text: str) -> str:
    """Text without line ends, which subtitles get later, and without surrogates, which no encoding takes: U+FFFD stands for them."""
    return " ".join(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").split())


def longest_answer_tokens(line: Line) -> int:
    """A bound for the edit of a line: a script that a model knows badly costs it two tokens a letter."""
    return min(24 + 2 * max(len(line.source), len(line.draft)), MOST_ANSWER_TOKENS)


def count(text: str) -> int:
    """How many tokens a text is, by estimate, on the high side."""
    plain = len(text.encode("ascii", "ignore"))
    return round(plain / CHARACTERS_PER_TOKEN + (len(text) - plain) / OTHER_CHARACTERS_PER_TOKEN)


def _counted(ids: Sequence[int]) -> str:
    return f"{len(ids)} lines, from id {ids[0]} to id {ids[-1]}" if len(ids) > 1 else f"the line with the id {ids[0]}"


def _film(context: Context) -> dict[str, str]:
    told = {"title": context.title, "series": context.series, "genre": context.genre, "about": context.scene}
    return {name: one_line(value) for name, value in told.items() if value}


def _named(entry: Entry) -> list[str]:
    """How a name is said, how it is to be written, and what else is known of it."""
    spelt = [spelling for spelling in entry.source if spelling != entry.target] or entry.source
    known = ("guess" * (entry.provenance == "text"), "term" * (entry.kind == "term"), entry.gender or "")
    return ["/".join(spelt), entry.target, *filter(None, known)]


def _shown(each: Ask | Said | Break, window: Window) -> object:
    if isinstance(each, Break):
        return each.kind
    if isinstance(each, Said):
        said = [each.line.speaker or "", one_line(each.line.source)]
        return said if each.text is None else [*said, one_line(each.text)]
    line = each.line
    asked: list[object] = [line.index, line.speaker or "", one_line(line.source), one_line(line.draft)]
    why = [_why(reason) for reason in each.reasons[:MOST_REASONS] if reason.kind != "asked"]
    if why and not each.refused:
        asked.append("; ".join(why))
    if besides := _besides(each, window):
        asked.append(besides)
    return asked


def _besides(ask: Ask, window: Window) -> dict[str, object]:
    """What few lines have."""
    told: dict[str, object] = {}
    if not is_roomy(ask.line, window.characters_per_s):
        told["max"] = window.allowance(ask.line)
    if ask.similar:
        told["like"] = [[one_line(example.source), one_line(example.text)] for example in ask.similar]
    if ask.faults:
        told["wrong"] = "; ".join(_worded(fault) for fault in ask.faults[:MOST_REASONS])
    if ask.refused:
        told["not"] = one_line(ask.refused)[: 4 * MOST_DETAIL_CHARACTERS]
    return told


def _why(reason: Reason) -> str:
    return reason.kind if reason.kind in PLAIN else _worded(reason)


def _worded(why: Reason | Breach) -> str:
    detail = one_line(why.detail)[:MOST_DETAIL_CHARACTERS]
    return f"{why.kind}: {detail}" if detail else why.kind


def _document(head: Mapping[str, object], lines: Sequence[object]) -> str:
    """A JSON document, each line of dialogue on a line of its own."""
    start = _json(head)[:-1] + ("," if head else "")
    return f'{start}"lines":[\n' + ",\n".join(_json(line) for line in lines) + "\n]}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
