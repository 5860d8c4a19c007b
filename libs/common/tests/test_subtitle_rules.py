"""A thousand generated transcripts: no cue breaks a rule that the text allows to keep, and nothing is lost.

What the text allows is decided here, by brute force, and not by the code that cuts: a cue may break a rule only if no way of cutting
the words between any two ends of cues around it keeps them all.
"""

import itertools
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from setu_common.contracts import Segment, Transcript, TranslatedTranscript, Translation, Word
from setu_common.subtitles import parse, profile_named, render, segmented, tidy, violations
from setu_common.subtitles.measure import measure
from setu_common.subtitles.units import units_of

SILENCE_MS = 1500
INSTANT_MS = 100

COMMON = ["👩\u200d🚀", "42", "…", "-", "e\u0301te\u0301", "\u200f!", "«", "»", "x" * 60, "--> <i>"]
WORDS = {
    "en": [
        "I",
        "you",
        "the",
        "of",
        "to",
        "said,",
        "Yes.",
        "No!",
        "river",
        "house,",
        "nevertheless;",
        "morning.",
        "What?",
        "Dr.",
        "Brown",
        "walked",
        "across",
        "a",
        "bridge.",
    ],
    "fr": [
        "le",
        "la",
        "de",
        "pont,",
        "maison.",
        "Oui.",
        "Non",
        "!",
        "rivière",
        "l'eau,",
        "aujourd'hui",
        "?",
        "et",
        "mais",
        "nous",
        "traversons",
    ],
    "hi": ["मैं", "तुम", "का", "के", "नदी,", "पुल।", "हाँ।", "क्यों?", "विश्वविद्यालय", "में", "क्षत्रिय,", "श्रृंगार", "है।", "नमस्ते"],
    "ar": ["نهر", "بيت،", "جسر.", "نعم.", "لماذا؟", "مَدْرَسَةٌ", "إلى", "المدينة", "ثم", "عبرنا"],
    "ko": ["나는", "강을", "건넜다.", "네.", "아니요!", "다리,", "학교에서", "왜?", "친구와"],
    "ja": ["川を渡って、", "家に帰りました。", "はい。", "なぜですか？", "友達と「公園」へ行った。", "ーっと、"],
    "zh": ["我们走过了桥，", "是的。", "河水很高。", "为什么？", "他说：“明天再来”。"],
    "th": ["เราเดินข้ามสะพาน", "ใช่", "แม่น้ำสูงมาก", "ทำไม"],
}
PAIRS = [(language, None) for language in WORDS] + [("en", "hi"), ("ja", "en"), ("hi", "en"), ("en", "ja"), ("fr", "ar")]

segments = st.tuples(
    st.sampled_from([0, 0, 40, 120, 300, 900, 1400, 1600, 5000, -2000]),  # ms since the end of the one before
    st.sampled_from([0, 15, 45, 60, 60, 80, 80, 120, 400, 3000]),  # ms a character
    st.lists(st.integers(0, 24), max_size=14),
    st.sampled_from([None, "A", "A", "B", "C"]),
    st.booleans(),
)
recordings = st.tuples(
    st.sampled_from(PAIRS), st.sampled_from(["netflix", "netflix", "broadcast"]), st.lists(segments, max_size=7)
)


def spoken(language, places):
    known = WORDS[language] + COMMON
    return [known[place % len(known)] for place in places]


def built(pair, described):
    language, target = pair
    made, translations, end_ms = [], [], 0
    for index, (pause_ms, pace_ms, places, speaker, timed) in enumerate(described):
        words = spoken(language, places)
        start_ms = at = max(0, end_ms + pause_ms)
        times = []
        for word in words:
            times.append(Word(start_s=at / 1000, end_s=(at + len(word) * pace_ms) / 1000, text=word, probability=0.5))
            at += len(word) * pace_ms
        end_ms = at
        joint = "" if language in ("ja", "zh", "th") else " "
        made.append(
            Segment(
                index=index,
                start_s=start_ms / 1000,
                end_s=end_ms / 1000,
                text=joint.join(words),
                speaker=speaker,
                words=tuple(times) if timed else (),
            )
        )
        if target:
            text = " ".join(spoken(target, places))
            translations.append(Translation(segment_index=index, text=text, engine="x"))
    transcript = Transcript(
        language=language, language_probability=1, duration_s=end_ms / 1000, segments=tuple(made), engine="x", model="x"
    )
    if not target:
        return transcript, None
    translated = TranslatedTranscript(
        source_language=language, target_language=target, translations=tuple(translations), engine="x", model="x"
    )
    return transcript, translated


def joined(units):
    return "".join((" " if unit.spaced and place else "") + unit.text for place, unit in enumerate(units))


def turns_in(units):
    pairs = itertools.pairwise(units)
    return [place for place, (a, b) in enumerate(pairs, 1) if a.speaker and b.speaker and a.speaker != b.speaker]


measured = lru_cache(50_000)(measure)  # the same lines come again and again, in one cut after the other


class Oracle:
    """Says by trying whether units could be a cue that keeps every rule."""

    def __init__(self, units, limits, language):
        self.units, self.limits, self.language = units, limits, language
        self.known = {}

    def measure(self, text):
        return measured(text, self.language)

    def keeps(self, first, after):
        if (first, after) not in self.known:
            self.known[first, after] = self._keeps(first, after)
        return self.known[first, after]

    def _keeps(self, first, after):
        units, limits = self.units[first:after], self.limits
        if any(b.start_ms - a.end_ms >= SILENCE_MS for a, b in itertools.pairwise(units)):
            return False
        if units[-1].start_ms - units[0].start_ms > limits.longest_ms:
            return False
        shown_ms = limits.longest_ms
        if after < len(self.units):
            shown_ms = min(shown_ms, self.units[after].start_ms - limits.gap_ms - units[0].start_ms)
        # In two lines it is no shorter than in one, but for the space between them.
        if self.measure(joined(units)) > min(limits.characters_per_s * shown_ms / 1000, 2 * limits.line_characters + 1):
            return False
        return shown_ms >= limits.shortest_ms and any(
            self.measure(" ".join(lines)) * 1000 <= limits.characters_per_s * shown_ms
            and all(self.measure(line) <= limits.line_characters for line in lines)
            for lines in self.layouts(units)
        )

    def layouts(self, units):
        turns = turns_in(units)
        if len(turns) == 1:
            yield ["- " + joined(units[: turns[0]]), "- " + joined(units[turns[0] :])]
        elif not turns:
            yield [joined(units)]
            for place in range(1, len(units)):
                if units[place].spaced or self.measure(joined(units)) > self.limits.line_characters:
                    yield [joined(units[:place]), joined(units[place:])]

    def excuses(self, ends, first, after):
        """Whether every way between any two ends of cues around a cue breaks a rule."""
        for begin in (end for end in ends if end <= first):
            reached, ahead = {begin}, [begin]
            while ahead:
                place = ahead.pop()
                for end in range(place + 1, min(place + 60, len(self.units)) + 1):
                    if end not in reached and self.keeps(place, end):
                        reached.add(end)
                        ahead.append(end)
            if any(end in reached for end in ends if end >= after):
                return False
        return True


def bare(text):
    return "".join(text.split())


def places_of(cues, units):
    """Which units each cue holds."""
    found, first = [], 0
    for cue in cues:
        lines = cue.text.split("\n")
        undashed = [line.removeprefix("- ") for line in lines] if len(lines) == 2 else lines
        after = first
        held = ""
        while held not in (bare(cue.text), bare("".join(undashed))) or (
            len(lines) == 2 and held == bare("".join(undashed)) != bare(cue.text) and not turns_in(units[first:after])
        ):
            assert after < len(units), f"{cue.text!r} holds what nobody said"
            held += bare(units[after].text)
            after += 1
        found.append((first, after))
        first = after
    assert first == len(units), "words were lost"
    return found


@pytest.mark.timeout(600)
@settings(max_examples=1000, derandomize=True, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(recordings)
def test_no_rule_is_broken_that_the_text_allows_to_keep(recording):
    pair, name, described = recording
    transcript, translated = built(pair, described)
    profile, language = profile_named(name), pair[1] or pair[0]
    limits = profile.limits(language)
    assert limits is not None
    cues = segmented(transcript, translated, profile)
    units = units_of(transcript, translated, limits.line_characters)

    texts = [each.text for each in (translated.translations if translated else transcript.segments)]
    starts = sorted(zip([segment.start_s for segment in transcript.segments], texts, strict=True), key=lambda each: each[0])
    assert bare("".join(unit.text for unit in units)) == bare("".join(text for _, text in starts)).replace("\ufeff", "")
    spans = places_of(cues, units)
    for cue, (first, after) in zip(cues, spans, strict=True):
        assert cue.segment_indices == tuple(sorted({unit.segment_index for unit in units[first:after]}))
        assert cue.end_s > cue.start_s
    assert all(b.start_s > a.end_s for a, b in itertools.pairwise(cues))
    assert tidy(cues) == cues

    oracle, ends = Oracle(units, limits, language), [0, *(after for _, after in spans)]
    late = False
    for place, (cue, (first, after)) in enumerate(zip(cues, spans, strict=True)):
        begun_late = round(cue.start_s * 1000) > units[first].start_ms
        assert not begun_late or late, "a cue begins late though the one before left time"
        late = begun_late or round((cue.end_s - cue.start_s) * 1000) == INSTANT_MS
        for rule in {each.rule for each in violations(cues, profile, language) if each.cue == place}:
            assert rule in ("reading-speed", "too-short", "line-length")
            if rule == "line-length":
                assert all(
                    measure(line, language) <= limits.line_characters or bare(line) in {bare(unit.text) for unit in units}
                    for line in cue.text.split("\n")
                ), "a long line could have been broken"
            elif not begun_late:
                assert oracle.excuses(ends, first, after), f"{rule} of cue {place} could be kept"
    for file_format in ("srt", "vtt"):
        assert parse(render(cues, file_format), file_format) == cues
