"""What translating sentences that span segments as one is worth: ``python -m bench sentences``.

Translates ``services/translate/tests/data/sentences.toml`` into English with the embedded model, through the service's own code: once
each segment by itself, once joined and laid back. Scores the segments' texts, put together again, against the translation of the
whole; and of what was laid back, whether a part is empty, how many cuts stand behind punctuation where their source's do, and how far
they are from where their sources' shares of the length would have them. Downloads the model on first use.

The score is chrF, as in ``bench prompts``.
"""

import asyncio
import statistics
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from bench.figures import Figure, judged
from bench.prompts import ROOT, chrf, llm_server
from setu_common.contracts import Segment, Transcript
from setu_translate.dialogue import Dialogue
from setu_translate.domain.scripts import letters
from setu_translate.domain.sentences import ENDS_CLAUSE, ENDS_SENTENCE
from setu_translate.engines.completions import Completions
from setu_translate.engines.examples import read_examples
from setu_translate.engines.llm import LlmTranslator

SENTENCES = tomllib.loads((ROOT / "services/translate/tests/data/sentences.toml").read_text())["sentence"]
SOURCES = ("fr", "pt", "es", "hi")
ROUNDS = 3  # the server computes several lines at once, and its sums differ by what comes together

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Cuts:
    """Where sentences were cut, in one round of one language."""

    empty: float
    at_punctuation: float
    out_of_place: float


class Alone:
    """The work at hand, without a worker."""

    def __init__(self) -> None:
        self.operation_id = uuid4()
        self.tenant = "bench"
        self.job_id = None
        self.attempt = 1
        self.cancelled = False

    def progress(self, fraction: float, note: str = "") -> None:
        """Nobody looks."""

    async def in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run it beside the event loop."""
        return await asyncio.to_thread(function, *args, **kwargs)


def measure() -> list[Figure]:
    """How joined translation stands to line by line."""
    with llm_server() as url:
        joined, single, times, cuts = asyncio.run(score_all(url))
    how = f"{len(SENTENCES)} sentences in two or three segments from each of {', '.join(SOURCES)} into English, gemma3-270m"
    ratios = [one / other for one, other in zip(joined, single, strict=True)]
    return [
        judged("chrf_joined", joined, unit="chrF", goal=50, better="more", how=f"joined and laid back: {how}"),
        judged("joined_over_single", ratios, unit="times", goal=1, better="more", how=f"chrF joined over line by line: {how}"),
        judged("time_joined_over_single", times, unit="times", goal=1, better="less", how=f"wall time, likewise: {how}"),
        judged(
            "empty_parts",
            [cut.empty for cut in cuts],
            unit="parts",
            goal=0,
            better="less",
            how=f"segments left without letters: {how}",
        ),
        judged(
            "cuts_at_punctuation",
            [cut.at_punctuation for cut in cuts],
            unit="share",
            goal=0.6,
            better="more",
            how=f"cuts behind punctuation, of those whose source's is: {how}",
        ),
        judged(
            "cuts_out_of_place",
            [cut.out_of_place for cut in cuts],
            unit="share of the length",
            goal=0.1,
            better="less",
            how=f"mean distance of cuts from where their sources' lengths would have them: {how}",
        ),
    ]


async def score_all(url: str) -> tuple[list[float], list[float], list[float], list[Cuts]]:
    joined: list[float] = []
    single: list[float] = []
    times: list[float] = []
    cuts: list[Cuts] = []
    print("from  round  line by line  joined  time")
    async with Completions(base_url=url, model="gemma3-270m", api_key=None, timeout_s=300) as completions:
        translator = LlmTranslator(completions, read_examples(), parallel=4)
        for source in SOURCES:
            for turn in range(ROUNDS):
                took: dict[bool, float] = {}
                found: dict[bool, float] = {}
                for join in (False, True) if turn % 2 else (True, False):
                    began_s = time.monotonic()
                    parts = await translated(translator, source, join=join)
                    found[join] = chrf([" ".join(own) for own in parts], [sentence["en"] for sentence in SENTENCES])
                    if join:
                        cuts.append(cuts_of(parts, source))
                    took[join] = time.monotonic() - began_s
                single.append(found[False])
                joined.append(found[True])
                times.append(took[True] / took[False])
                print(f"{source:4}  {turn + 1:5}  {found[False]:12.1f}  {found[True]:6.1f}  {times[-1]:4.2f}", flush=True)
    return joined, single, times, cuts


async def translated(translator: LlmTranslator, source: str, *, join: bool) -> list[list[str]]:
    """The translation of each sentence, in parts."""
    transcript, places = transcript_of(source)
    dialogue = Dialogue(transcript, "en", (), join_sentences=join, kept={}, work=Alone())
    translations = await dialogue.through([translator])
    return [[translations[place].text for place in own] for own in places]


def cuts_of(parts: Sequence[Sequence[str]], source: str) -> Cuts:
    """Look at where sentences were cut."""
    empty, behind, wanted, distances = 0, 0, 0, list[float]()
    for own, sentence in zip(parts, SENTENCES, strict=True):
        sources: list[str] = sentence[source]
        empty += sum(not letters(part) for part in own)
        for number in range(1, len(own)):
            shares = [len("".join(texts[:number])) / len("".join(texts)) for texts in (own, sources)]
            distances.append(abs(shares[0] - shares[1]))
            if ENDS_CLAUSE.search(sources[number - 1]):
                wanted += 1
                behind += bool(ENDS_CLAUSE.search(own[number - 1]) or ENDS_SENTENCE.search(own[number - 1]))
    return Cuts(float(empty), behind / wanted, statistics.mean(distances))


def transcript_of(source: str) -> tuple[Transcript, Sequence[Sequence[int]]]:
    """The sentences one after the other, and which segments are whose."""
    segments: list[Segment] = []
    places: list[list[int]] = []
    for sentence in SENTENCES:
        texts: Any = sentence[source]  # Any: TOML
        places.append(list(range(len(segments), len(segments) + len(texts))))
        for text in texts:
            segments.append(
                Segment(index=len(segments), start_s=2.0 * len(segments), end_s=2.0 * len(segments) + 1.9, text=text)
            )
    transcript = Transcript(
        language=source,
        language_probability=1.0,
        duration_s=2.0 * len(segments),
        segments=tuple(segments),
        engine="x",
        model="x",
    )
    return transcript, places
