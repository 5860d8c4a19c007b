"""From a transcript to cues that keep a delivery profile's rules."""

import math

from setu_common.contracts.speech import Transcript
from setu_common.contracts.translation import TranslatedTranscript
from setu_common.subtitles.breaks import break_cost
from setu_common.subtitles.cue import Cue, cues_of
from setu_common.subtitles.cutting import DASH, INSTANT_MS, Stretch, Words, cut
from setu_common.subtitles.measure import reading_length
from setu_common.subtitles.profile import Profile
from setu_common.subtitles.tidy import tidy
from setu_common.subtitles.units import units_of


def segmented(transcript: Transcript, translated: TranslatedTranscript | None, profile: Profile) -> tuple[Cue, ...]:
    """The cues of a transcript, or of its translation.

    They begin when their words are spoken, grow in time, never overlap and keep the gap; they hold every word once, in order. They
    keep each rule of the profile that the text allows to keep: see docs/delivery.md.

    Args:
        transcript: gives the times, and the text if there is no translation. Words without times, and translations, are laid
            over their segment in proportion.
        translated: gives the text.
        profile: the rules; those of ``none`` make a cue of each segment.

    Raises:
        TranslationMismatch: the translation's indices are not the segments' own, one for one.
    """
    language = translated.target_language if translated else transcript.language
    limits = profile.limits(language)
    if limits is None:
        return tidy(cues_of(transcript, translated))
    words = Words(units_of(transcript, translated, limits.line_characters), limits, language)
    stretches = cut(words)
    texts = ["\n".join(_lines(words, stretch)) for stretch in stretches]
    return _timed(words, stretches, texts)


def _timed(words: Words, stretches: list[Stretch], texts: list[str]) -> tuple[Cue, ...]:
    """Cues as long as they are read or spoken, if there is time."""
    limits = words.limits
    cues = []
    free_ms = 0
    for stretch, text in zip(stretches, texts, strict=True):
        units = words.units[stretch.first : stretch.after]
        start_ms = max(units[0].start_ms, free_ms)
        last = stretch.after == len(words.units)
        latest_ms = start_ms + limits.longest_ms
        if not last:
            latest_ms = min(latest_ms, words.starts[stretch.after] - limits.gap_ms)
        needed_ms = math.ceil(reading_length(text, words.language) * 1000 / limits.characters_per_s)
        wanted_ms = max(units[-1].end_ms, start_ms + max(needed_ms, limits.shortest_ms))
        end_ms = max(min(wanted_ms, latest_ms), start_ms + INSTANT_MS)
        following_ms = None if last else words.starts[stretch.after]
        if following_ms is not None and end_ms < latest_ms and following_ms - end_ms < limits.chained_ms:
            end_ms = latest_ms
        indices = dict.fromkeys(unit.segment_index for unit in units)
        cues.append(Cue(start_ms / 1000, end_ms / 1000, text, tuple(sorted(indices))))
        free_ms = end_ms + limits.gap_ms
    return tuple(cues)


def _lines(words: Words, stretch: Stretch) -> list[str]:
    """The text of a cue: on one line if it fits, on two where it breaks best and they are about as long."""
    first, after, turn = stretch.first, stretch.after, stretch.turn
    if turn is not None:
        return [DASH + _line(words, first, turn), DASH + _line(words, turn, after)]
    if after <= words.line_ends[first]:
        return [_line(words, first, after)]
    breaks = [place for place in range(first + 1, after) if place <= words.line_ends[first] and after <= words.line_ends[place]]
    at_spaces = [place for place in breaks if words.units[place].spaced]
    middle = min(at_spaces or breaks, key=lambda place: _imbalance(words, first, place, after))
    return [_line(words, first, middle), _line(words, middle, after)]


def _imbalance(words: Words, first: int, place: int, after: int) -> float:
    above, below = words.width(first, place), words.width(place, after)
    uneven = abs(above - below) / words.limits.line_characters
    return break_cost(words.units[place - 1].text, words.units[place].text, words.language) + 40 * uneven


def _line(words: Words, first: int, after: int) -> str:
    units = words.units[first:after]
    return units[0].text + "".join(f" {unit.text}" if unit.spaced else unit.text for unit in units[1:])
