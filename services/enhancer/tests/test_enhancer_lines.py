"""Lines of a spoken text stay on the screen as long as subtitles of them may."""

import pytest

from setu_common.contracts import (
    DraftLine,
    EnhancementRequest,
    Segment,
    Transcript,
    TranslatedTranscript,
    Translation,
)
from setu_common.subtitles.profile import NETFLIX, UnknownProfile
from setu_enhancer.domain.lines import Line, lingering
from setu_enhancer.loading import text_of

LIMITS = NETFLIX.limits("en")


def lines(*times):
    return tuple(Line(index, start_s, end_s, "हाँ।", "Yes.") for index, (start_s, end_s) in enumerate(times))


@pytest.mark.parametrize(
    ("times", "readable_s"),
    [
        (((1.0, 2.0), (4.0, 5.0)), (2.917, 7.007)),  # but for the gap; the last for as long as any may
        (((1.0, 2.0), (30.0, 31.0)), (7.007, 7.007)),
        (((1.0, 2.0), (2.0, 3.0)), (1.0, 7.007)),  # nothing is cut off that is said
        (((1.0, 3.0), (2.0, 3.0)), (2.0, 7.007)),
        ((), ()),
    ],
)
def test_a_line_stays_until_the_next_one_needs_the_screen(times, readable_s):
    assert LIMITS is not None
    found = lingering(lines(*times), LIMITS)
    assert tuple(line.duration_s for line in found) == pytest.approx(readable_s, abs=0.001)
    assert [(line.start_s, line.end_s) for line in found] == list(times)


def test_a_line_that_somebody_else_shows_stands_as_they_say():
    assert lines((1.0, 2.5))[0].duration_s == pytest.approx(1.5)


async def test_lines_of_a_transcript_are_spoken_and_those_of_a_request_are_shown_as_told(store):
    spoken = Transcript(
        language="hi",
        language_probability=1.0,
        duration_s=9.0,
        segments=(Segment(index=0, start_s=0.0, end_s=1.0, text="हाँ।"), Segment(index=1, start_s=3.0, end_s=4.0, text="ना।")),
        engine="e",
        model="m",
    )
    draft = TranslatedTranscript(
        source_language="hi",
        target_language="en",
        translations=tuple(Translation(segment_index=index, text="Yes.", engine="llm") for index in (0, 1)),
        engine="llm",
        model="m",
    )
    kept = EnhancementRequest(
        source_language="hi",
        target_language="en",
        transcript=await store.put_model("acme", spoken),
        translated=await store.put_model("acme", draft),
        profile="netflix",
    )
    told = EnhancementRequest(
        source_language="hi",
        target_language="en",
        lines=(DraftLine(index=0, start_s=0.0, end_s=1.0, source="हाँ।", draft="Yes."),),
    )
    assert (await text_of(kept, store)).lines[0].duration_s == pytest.approx(2.917)
    assert (await text_of(told, store)).lines[0].duration_s == pytest.approx(1.0)
    longer, exact = (kept.model_copy(update={"profile": name}) for name in ("broadcast", "none"))
    assert (await text_of(longer, store)).lines[0].duration_s == pytest.approx(2.8)
    assert (await text_of(exact, store)).lines[0].duration_s == pytest.approx(1.0)
    with pytest.raises(UnknownProfile, match="netflix"):
        await text_of(kept.model_copy(update={"profile": "cinema"}), store)
