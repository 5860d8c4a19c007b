"""What a person's corrections of a translation say."""

from setu_common.contracts import EditedCue, GlossaryEntry, Segment, Transcript, TranslatedTranscript, Translation
from setu_optimizer.domain.knowledge.aligning import passages
from setu_optimizer.domain.knowledge.belief import LEFT_ALONE, LEFT_ALONE_ONCE, WEIGHTS
from setu_optimizer.domain.knowledge.corrections import claims_of_correction

PUT = WEIGHTS["human-correction"]
Line = tuple[str, str, str]


def texts(lines: list[Line], source="hi", target="en") -> tuple[Transcript, TranslatedTranscript, list[EditedCue]]:
    """Lines are what was said, what was delivered, and what a person left, each of two seconds."""
    segments = [Segment(index=at, start_s=at * 3, end_s=at * 3 + 2, text=said) for at, (said, _, _) in enumerate(lines)]
    translated = [Translation(segment_index=at, text=was, engine="e") for at, (_, was, _) in enumerate(lines)]
    cues = [EditedCue(start_s=at * 3, end_s=at * 3 + 2, text=left) for at, (_, _, left) in enumerate(lines) if left]
    transcript = Transcript(
        language=source, language_probability=1, duration_s=999, segments=tuple(segments), engine="e", model="m"
    )
    delivered = TranslatedTranscript(
        source_language=source, target_language=target, translations=tuple(translated), engine="e", model="m"
    )
    return transcript, delivered, cues


def learned(lines: list[Line], glossary=(), **more) -> dict[tuple[str, str, str], float]:
    claims = claims_of_correction(*texts(lines, **more), glossary)
    return {(each.kind, each.sources[0], each.target): each.weight for each in claims}


def known(source: str, target: str, kind="name", provenance="text") -> GlossaryEntry:
    return GlossaryEntry(source=(source,), target=target, kind=kind, provenance=provenance)


def test_a_name_that_a_person_put_is_found_by_its_sound_in_the_source():
    assert learned([("राज कल आया था", "King came yesterday", "Raj came yesterday")]) == {("name", "राज", "Raj"): PUT}


def test_a_name_of_two_words_is_one_name_and_its_ending_is_none_of_it():
    found = learned([("ये गुड्डू पंडित का घर है", "this is the guru's house", "This is Guddu Pandit's house.")])
    assert found == {("name", "गुड्डू पंडित", "Guddu Pandit"): PUT}


def test_names_between_languages_with_capitals_need_them_on_both_sides():
    lines = [
        ("Hier Étienne est parti", "Yesterday Steven left", "Yesterday Etienne left"),
        ("la table", "the board", "the Table"),
    ]
    found = learned(lines, source="fr")
    assert found[("name", "Étienne", "Etienne")] == PUT
    assert not any(source == "table" for _, source, _ in found)


def test_names_in_a_script_without_capitals_are_found_by_those_of_the_source():
    found = learned([("I saw Ravi there", "मैंने रिव देखा", "मैंने वहाँ रवि को देखा")], source="en", target="hi")
    assert found[("name", "Ravi", "रवि")] == PUT


def test_a_word_that_stands_small_anywhere_is_no_name_nor_is_who_is_only_addressed():
    lines = [
        ("डॉक्टर आया", "medic came", "Doctor came"),
        ("सर", "sir", "Sir"),
        ("होटल बंद है", "the inn is closed", "Hotel is closed"),
        ("होटल खुला है", "the hotel is open", "the hotel is open"),
    ]
    assert not any(kind == "name" for kind, _, _ in learned(lines))


def test_what_a_person_left_in_several_lines_is_believed_more_than_in_one():
    lines = [
        ("राज आया", "Raj came", "Raj came"),
        ("अब राज गया", "now Raj left", "now Raj left"),
        ("रवि", "and Ravi", "and Ravi"),
        ("क्या", "what", "what?!?"),
    ]
    assert learned(lines) == {}  # nobody changed a word, so nobody may have looked
    found = learned([*lines, ("कौन", "what", "who")])
    assert found[("name", "राज", "Raj")] == LEFT_ALONE
    assert found[("name", "रवि", "Ravi")] == LEFT_ALONE_ONCE


def test_an_entry_of_the_glossary_that_was_replaced_gets_the_new_target_and_one_that_was_left_its_own():
    lines = [("थाने चलो", "go to the camp", "go to the police station"), ("ताऊ आए", "Uncle-ji came", "Uncle-ji came")]
    glossary = [known("थाने", "camp", "term"), known("ताऊ", "Uncle-ji", "term", "tmdb"), known("गंगा", "Ganga")]
    found = learned(lines, glossary)
    assert found[("term", "थाने", "police station")] == PUT
    assert found[("term", "ताऊ", "Uncle-ji")] == LEFT_ALONE_ONCE
    assert len(found) == 2


def test_what_was_put_again_and_again_goes_with_what_the_source_says_there_and_not_elsewhere():
    lines = [
        ("वो बाहुबली है", "he is a strongman", "he is a kingpin"),
        ("उस बाहुबली से डरो", "fear that strongman", "fear that kingpin"),
        ("मैं घर जा रहा हूँ", "I am going home", "I am going home"),
        ("वो मेरा दोस्त है", "he is my friend", "he is my friend"),
    ]
    assert learned(lines) == {("term", "बाहुबली", "kingpin"): PUT}
    once = {kind for kind, _, _ in learned(lines[1:])}
    assert "term" not in once


def test_what_was_put_again_and_again_for_nothing_in_common_is_no_term():
    lines = [
        ("वो बहुत अच्छा है", "he is fine", "he is good"),
        ("खाना तैयार है", "dinner is fine", "dinner is good"),
        ("वो घर पर है", "he is at home", "he is at home"),
        ("यहाँ कौन है", "who is here", "who is here"),
        ("आज छुट्टी है", "today is a holiday", "today is a holiday"),
    ]
    assert not any(kind == "term" for kind, _, _ in learned(lines))


def test_a_short_line_that_was_put_otherwise_is_kept_as_a_whole_and_a_long_one_is_not():
    found = learned([("चल हट", "walk move", "get lost")])
    assert found == {("edit", "चल हट", "get lost"): 2.0}
    long = "मैं कल सुबह जल्दी उठकर बाज़ार गया था"
    assert learned([(long, "I rose and went", "I got up and left")]) == {}


def test_lines_are_compared_by_their_times_however_people_cut_them():
    transcript, delivered, _ = texts([("एक दो", "one two", ""), ("तीन", "three", ""), ("चार", "four", ""), ("पाँच", "five", "")])
    cues = [
        EditedCue(start_s=1, end_s=2, text="two"),
        EditedCue(start_s=0, end_s=1, text="One"),
        EditedCue(start_s=3, end_s=8, text="three,\nfour"),
        EditedCue(start_s=50, end_s=51, text="by nobody"),
    ]
    found = passages(transcript, delivered, cues)
    assert [(each.source, each.delivered, each.edited) for each in found] == [
        ("एक दो", "one two", "One two"),
        ("तीन चार", "three four", "three, four"),
    ]
    assert [each.changed for each in found] == [True, False]


def test_no_cues_at_all_say_nothing():
    assert claims_of_correction(*texts([("राज आया", "King came", "")]), ()) == ()
