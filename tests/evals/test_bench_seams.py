"""What is lost or doubled where a recording was cut is told from what differs elsewhere."""

from itertools import count

from bench.fanout_seams import Seams, seams_between

from setu_common.contracts import Segment, Transcript, Word

CUTS_S = (60.0,)


def transcript(text: str) -> Transcript:
    """Four words a segment, one every five seconds."""
    words = [
        Word(start_s=5.0 * at, end_s=5.0 * at + 1, text=f" {word}", probability=0.9) for at, word in zip(count(), text.split())
    ]
    runs = [words[at : at + 4] for at in range(0, len(words), 4)]
    segments = tuple(
        Segment(
            index=at, start_s=run[0].start_s, end_s=run[-1].end_s, text="".join(word.text for word in run), words=tuple(run)
        )
        for at, run in enumerate(runs)
    )
    return Transcript(
        language="en", language_probability=1.0, duration_s=5.0 * len(words), segments=segments, engine="fake", model="fake"
    )


WHOLE = "a b c d e f g h i j k l m n o p q r s t u v w x"  # l begins at 55 s, m where it was cut


def test_the_same_words_have_no_seam():
    assert seams_between(transcript(WHOLE), transcript(WHOLE), CUTS_S) == Seams(0, 0, 0)


def test_a_word_that_is_missing_at_a_cut_is_lost_there():
    assert seams_between(transcript(WHOLE), transcript(WHOLE.replace(" m", "")), CUTS_S) == Seams(1, 0, 0)


def test_words_that_both_pieces_heard_are_doubled():
    assert seams_between(transcript(WHOLE), transcript(WHOLE.replace("l m", "l m l m")), CUTS_S) == Seams(0, 2, 0)


def test_what_differs_far_from_a_cut_is_not_put_down_to_it():
    assert seams_between(transcript(WHOLE), transcript(WHOLE.replace("c d", "c z")), CUTS_S) == Seams(0, 0, 2)


def test_a_segment_without_times_of_words_counts_where_it_begins():
    bare = [
        each.model_copy(update={"segments": tuple(segment.model_copy(update={"words": ()}) for segment in each.segments)})
        for each in (transcript(WHOLE), transcript(WHOLE.replace(" m n", "")))
    ]
    assert seams_between(bare[0], bare[1], CUTS_S) == Seams(2, 0, 0)
