"""Taking out what a recogniser wrote though nobody said it, and keeping why.

One sign alone convicts nobody: people do repeat themselves, thank each other, and speak softly. A line goes if what it says and what
the sound says agree that it was invented; which figures spoke against it is kept beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from statistics import fmean, median
from typing import Final

from setu_asr.domain.boilerplate import boilerplate, credits_line, normal
from setu_asr.domain.doubt import REPETITIVE, SILENT, UNSURE, compression_ratio
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.loops import Loop, loops
from setu_asr.domain.surroundings import Surroundings
from setu_common.contracts import Removal, RemovalReason

# Thresholds were measured with `python -m evals asr`: invented lines on noise, music and humming against speech that was heard right.
UNLIKELY: Final = 0.4  # mean probability of a phrase's words; speech that is heard right lies above 0.6
DRAGGED_S: Final = 4.0  # a word: a recogniser's times stretch over what it has no words for
QUIET_DB: Final = 25.0  # below this recording's speech
UNSPOKEN: Final = 0.1  # share of a phrase's time in which the detector hears speech
SUSPICIOUS: Final = 0.4  # probability of no speech from which a line that is often invented is one
MANY_WORDS: Final = 40  # in rounds of the same: choruses are shorter, or cut by a breath
MANY_ROUNDS: Final = 10  # of two words and more
SQUEEZED_S: Final = 0.09  # a word; the fastest speakers take 0.13. Source: Goldman-Eisler 1968, 450 words a minute
UNEVEN: Final = 6.0  # times the median round: people keep time


@dataclass(frozen=True)
class Guarded:
    """What stays, and what was taken out."""

    kept: tuple[Heard, ...]
    removed: tuple[Removal, ...]


def guard(phrases: Iterable[Heard], around: Surroundings, language: str) -> Guarded:
    """Judge what was heard, phrase by phrase.

    Args:
        phrases: each short enough to be a subtitle, with the recording's times.
        around: the recording's speech and loudness.
        language: a language code.
    """
    ordered = sorted(phrases, key=lambda phrase: (phrase.start_s, phrase.end_s))
    once, removed = _without_loops(ordered, around)
    kept = []
    for phrase in once:
        found = _unsaid(phrase, around, language)
        if found is None:
            kept.append(phrase)
        else:
            removed.append(_removal(phrase, *found))
    return Guarded(tuple(kept), tuple(sorted(removed, key=lambda removal: (removal.start_s, removal.end_s))))


def _unsaid(phrase: Heard, around: Surroundings, language: str) -> tuple[RemovalReason, str] | None:
    """Why nobody said it, with the figures; None if somebody may have."""
    silent = phrase.no_speech_prob if phrase.no_speech_prob is not None else 0.0
    likely = probability(phrase)
    logprob = phrase.avg_logprob if phrase.avg_logprob is not None else 0.0
    share = around.speech_share(phrase.start_s, phrase.end_s)
    below_db = around.below_speech_db(phrase.start_s, phrase.end_s)
    figures = (
        f"probability of no speech {silent:.2f}, of the words {likely:.2f} (log {logprob:.2f}); speech in {100 * share:.0f} % of the "
        f"time; {below_db:.0f} dB below the speech around"
    )
    each_s = (phrase.end_s - phrase.start_s) / max(1, len(phrase.text.split()))
    doubted = silent > SUSPICIOUS or likely < UNLIKELY
    unheard = share < 0.5 or below_db > QUIET_DB  # noqa: PLR2004 half of it
    rules: tuple[tuple[bool, RemovalReason, str], ...] = (
        (credits_line(phrase.text), "boilerplate", "names who made another film's subtitles; "),
        (
            (doubted or unheard) and boilerplate(phrase.text, language),
            "boilerplate",
            "a line that recognisers write where nobody speaks; ",
        ),
        (share < UNSPOKEN and (below_db > QUIET_DB or silent > SILENT or likely < UNLIKELY), "silence", ""),
        (silent > SILENT and logprob < UNSURE, "silence", ""),
        ((silent > SILENT or logprob < UNSURE) and likely < UNLIKELY, "guess", ""),
        (doubted and each_s > DRAGGED_S, "guess", f"{each_s:.1f} s a word; "),
    )
    return next(((reason, said + figures) for holds, reason, said in rules if holds), None)


def probability(phrase: Heard) -> float:
    """The mean probability of its words, 0..1; 1 where it isn't known."""
    return fmean(word.probability for word in phrase.words) if phrase.words else 1.0


@dataclass(frozen=True)
class _Placed:
    """A word, and which phrase it is of."""

    word: HeardWord
    phrase: int


def _without_loops(phrases: Sequence[Heard], around: Surroundings) -> tuple[list[Heard], list[Removal]]:
    """The phrases without rounds that nobody said, however many phrases they run through."""
    placed = [_Placed(word, number) for number, phrase in enumerate(phrases) for word in phrase.words or _spread(phrase)]
    doomed: set[int] = set()
    removed: list[Removal] = []
    for loop in loops([each.word for each in placed]):
        said = placed[loop.start : loop.end]
        owners = [phrases[number] for number in sorted({each.phrase for each in said})]
        evidence = _endless(loop, [each.word for each in said], owners, around)
        if evidence is not None:
            first = loop.start + (loop.length if _first_was_said(said[: loop.length], owners[0], around) else 0)
            end = loop.end + _begun(loop, [each.word for each in placed])
            gone = [placed[at] for at in range(first, end) if at not in doomed]  # the loop before may end in this one
            if not gone:
                continue
            doomed.update(range(first, end))
            text = "".join(each.word.text for each in gone).strip()
            removed.append(
                Removal(
                    start_s=max(0.0, gone[0].word.start_s),
                    end_s=max(0.0, gone[0].word.start_s, gone[-1].word.end_s),
                    text=text,
                    reason="repetition",
                    evidence=evidence,
                )
            )
    if not doomed:
        return list(phrases), removed
    rests = {number: [index for index, _ in each] for number, each in groupby(enumerate(placed), lambda item: item[1].phrase)}
    kept = []
    for number, phrase in enumerate(phrases):
        stay = [placed[index].word for index in rests.get(number, ()) if index not in doomed]
        if len(stay) == len(rests.get(number, ())):
            kept.append(phrase)
        elif stay:
            kept.append(_of_words(phrase, stay))
    return kept, removed


def _begun(loop: Loop, words: Sequence[HeardWord]) -> int:
    """Words of another round, begun after the last whole one."""
    pairs = zip(words[loop.end : loop.end + loop.length], words[loop.start : loop.start + loop.length], strict=False)
    return sum(1 for _ in takewhile(lambda pair: normal(pair[0].text) == normal(pair[1].text), pairs))


def _endless(loop: Loop, words: Sequence[HeardWord], owners: Sequence[Heard], around: Surroundings) -> str | None:
    """What shows that the rounds are a recogniser's own; None if people may speak so."""
    text = "".join(word.text for word in words)
    ratio = compression_ratio(text)
    lasting_s = max(words[-1].end_s - words[0].start_s, 0.0)
    rounds_s = [
        words[at + loop.length - 1].end_s - words[at].start_s for at in range(0, loop.length * loop.rounds, loop.length)
    ]
    share = around.speech_share(words[0].start_s, words[-1].end_s)
    silent = max((owner.no_speech_prob or 0.0 for owner in owners), default=0.0)
    figures = f"{loop.rounds} rounds of {loop.length} words in {lasting_s:.1f} s, compression ratio {ratio:.1f}"
    repetitive = ratio >= REPETITIVE
    signs = (
        (lasting_s / len(words) < SQUEEZED_S, "nobody speaks so fast"),
        (share < 0.5, f"speech in {100 * share:.0f} % of the time"),  # noqa: PLR2004 half of it
        (repetitive and silent > SILENT, f"probability of no speech {silent:.2f}"),
        (
            repetitive and (len(words) >= MANY_WORDS or (loop.rounds >= MANY_ROUNDS and loop.length > 1)),
            "more than anybody says without a breath",
        ),
        (
            repetitive and max(rounds_s) > UNEVEN * max(median(rounds_s), 0.01),
            f"the longest round takes {max(rounds_s):.1f} s, half of them less than {median(rounds_s):.2f} s",
        ),
    )
    return next((f"{figures}; {said}" for holds, said in signs if holds), None)


def _first_was_said(first: Sequence[_Placed], owner: Heard, around: Surroundings) -> bool:
    """Whether the first round is speech: often it is, and the recogniser got caught in it."""
    likely = fmean(each.word.probability for each in first)
    share = around.speech_share(first[0].word.start_s, max(first[-1].word.end_s, first[0].word.start_s))
    return likely >= UNLIKELY and share >= 0.5 and (owner.no_speech_prob or 0.0) <= SILENT  # noqa: PLR2004 half of it


def _spread(phrase: Heard) -> list[HeardWord]:
    """Words for a phrase that came without any, evenly over its time."""
    texts = phrase.text.split()
    each_s = (phrase.end_s - phrase.start_s) / max(1, len(texts))
    return [
        HeardWord(phrase.start_s + number * each_s, phrase.start_s + (number + 1) * each_s, f" {text}", 1.0)
        for number, text in enumerate(texts)
    ]


def _of_words(phrase: Heard, words: Sequence[HeardWord]) -> Heard:
    text = "".join(word.text for word in words)
    kept = tuple(words) if phrase.words else ()
    return replace(phrase, start_s=words[0].start_s, end_s=words[-1].end_s, text=text, words=kept)


def _removal(phrase: Heard, reason: RemovalReason, evidence: str) -> Removal:
    start_s = max(0.0, phrase.start_s)
    return Removal(
        start_s=start_s, end_s=max(start_s, phrase.end_s), text=phrase.text.strip(), reason=reason, evidence=evidence
    )
