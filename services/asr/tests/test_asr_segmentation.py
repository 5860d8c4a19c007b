"""Transcripts are in order, whatever the recogniser says."""

from hypothesis import given
from hypothesis import strategies as st

from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.phrases import LONGEST_S, ends_sentence, phrases
from setu_asr.domain.segmentation import segments_of

times = st.floats(min_value=-5, max_value=100, allow_nan=False, width=32)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
odd = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
heard_words = st.builds(HeardWord, start_s=times, end_s=times, text=texts, probability=st.floats(-1, 2))
heard_stretches = st.builds(
    Heard,
    start_s=times,
    end_s=times,
    text=texts,
    words=st.lists(heard_words, max_size=6).map(tuple),
    avg_logprob=odd,
    no_speech_prob=odd,
    compression_ratio=odd,
)


@given(st.lists(heard_stretches, max_size=12), st.floats(0, 90), st.sampled_from(["fr", "ja", "hi"]))
def test_whatever_was_heard_the_segments_are_in_order_and_inside_the_recording(heard, duration_s, language):
    segments = segments_of(heard, duration_s, language)
    assert [segment.index for segment in segments] == list(range(len(segments)))
    clock_s = 0.0
    for segment in segments:
        assert clock_s <= segment.start_s <= segment.end_s <= duration_s
        clock_s = segment.end_s
        assert segment.text == segment.text.strip()
        assert any(character.isalnum() for character in segment.text)
        word_clock_s = segment.start_s
        for word in segment.words:
            assert word_clock_s <= word.start_s <= word.end_s <= segment.end_s
            assert word.text == word.text.strip() != ""
            word_clock_s = word.start_s


@given(st.lists(heard_words.filter(lambda word: word.text.strip()), min_size=1, max_size=60), st.sampled_from(["fr", "ja"]))
def test_phrases_joined_are_the_words_again(words, language):
    assert [word for phrase in phrases(words, language) for word in phrase] == words
    assert all(phrases(words, language))


def said(*words, each_s=0.4, start_s=0.0, gaps=None):
    """Words of equal length, one after the other; ``gaps`` maps the index of a word to the silence before it."""
    result, clock_s = [], start_s
    for index, word in enumerate(words):
        clock_s += (gaps or {}).get(index, 0.0)
        result.append(HeardWord(clock_s, clock_s + each_s, f" {word}", 0.9))
        clock_s += each_s
    return tuple(result)


def lines(words, language="fr"):
    return ["".join(word.text for word in phrase).strip() for phrase in phrases(words, language)]


def test_a_sentence_ends_a_phrase():
    words = said("Il", "est", "parti", "hier.", "Nous", "restons", "ici.")
    assert lines(words) == ["Il est parti hier.", "Nous restons ici."]


def test_a_pause_ends_a_phrase_even_within_a_sentence():
    assert lines(said("Je", "crois", "que", "tu", "as", "tort", gaps={3: 1.0})) == ["Je crois que", "tu as tort"]


def test_a_word_alone_stays_with_what_follows_unless_a_breath_parts_them():
    assert lines(said("Oui.", "Je", "viens.")) == ["Oui. Je viens."]
    assert lines(said("Oui.", "Je", "viens.", gaps={1: 0.4})) == ["Oui.", "Je viens."]


def test_titles_and_initials_end_no_sentence():
    assert [ends_sentence(word) for word in ("Dr.", "J.", "hier.", "hier?”", "hier", "है।", "世界。")] == [
        False,
        False,
        True,
        True,
        False,
        True,
        True,
    ]


def test_a_long_sentence_is_cut_at_a_comma_and_fits():
    words = said(
        *[
            "quand",
            "le",
            "soleil",
            "se",
            "lève",
            "derrière",
            "la",
            "grande",
            "montagne",
            "bleue,",
            "les",
            "enfants",
            "du",
            "village",
            "courent",
            "vers",
            "la",
            "rivière",
        ]
    )
    assert lines(words) == [
        "quand le soleil se lève derrière la grande montagne bleue,",
        "les enfants du village courent vers la rivière",
    ]


def test_no_phrase_outlasts_what_viewers_can_bear():
    words = said(*["parole"] * 80)
    assert all(phrase[-1].end_s - phrase[0].start_s <= LONGEST_S for phrase in phrases(words, "fr"))
    assert all(len(line) <= 84 for line in lines(words))
    japanese = tuple(HeardWord(index * 0.1, index * 0.1 + 0.1, "語", 0.9) for index in range(200))
    assert all(len(line) <= 46 for line in lines(japanese, "ja"))


def test_overlapping_stretches_give_way_to_the_next_and_punctuation_alone_is_nothing():
    heard = [Heard(4.0, 9.0, "second"), Heard(0.0, 5.0, " first "), Heard(2.0, 3.0, " ... "), Heard(9.5, 30.0, "third")]
    segments = segments_of(heard, 10.0, "en")
    assert [(segment.start_s, segment.end_s, segment.text) for segment in segments] == [
        (0.0, 4.0, "first"),
        (4.0, 9.0, "second"),
        (9.5, 10.0, "third"),
    ]
