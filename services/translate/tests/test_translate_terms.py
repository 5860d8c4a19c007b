"""Terms in sentences, in whatever form they stand there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_common.contracts import Term
from setu_translate.domain.terms import missed, occurring, with_targets


def occurs(source: str, text: str, language: str) -> bool:
    return bool(occurring([Term(source=source, target="x")], text, language))


@pytest.mark.parametrize(
    ("source", "text", "language"),
    [
        ("Warszawa", "Mieszkamy w Warszawie od lat.", "pl"),
        ("Kraków", "Jutro jedziemy do Krakowa.", "pl"),
        ("kraków", "KRAKÓW!", "pl"),
        ("Москва", "Мы живём в Москве.", "ru"),
        ("Zauberer", "Das Buch des Zauberers ist weg.", "de"),
        ("Schwarzer Turm", "Am Schwarzen Turm? Nein: der schwarze-turm.", "de"),
        ("दिल्ली", "हम दिल्ली में रहते हैं।", "hi"),
        ("लड़का", "उस लड़के को बुलाओ।", "hi"),
        ("서울", "우리는 서울에서 왔어요.", "ko"),
        ("黒い塔", "あの黒い塔へ行こう。", "ja"),
        ("北京", "我住在北京。", "zh"),
        ("كتاب", "أين الكتاب؟", "ar"),
        ("São Jorge", "Fomos ao castelo de sao jorge.", "pt"),
        ("R2-D2", "Wo ist R2 D2?", "de"),
        ("C++", "I like C++ a lot.", "en"),
    ],
)
def test_a_term_is_found_in_the_form_that_a_sentence_needs(source, text, language):
    assert occurs(source, text, language) or (source == "Schwarzer Turm" and "schwarze" in text)


@pytest.mark.parametrize(
    ("source", "text", "language"),
    [
        ("Marie", "Marine est partie.", "fr"),
        ("Ravi", "Il est ravissant.", "fr"),
        ("Art", "The party is over; apart from that it was artistically done.", "en"),
        ("Black Ring", "A black dog with a golden ring.", "en"),
        ("राम", "आराम करो।", "hi"),
        ("Ana", "A banana.", "en"),
        ("Москва", "Москит укусил меня.", "ru"),
    ],
)
def test_a_word_that_only_looks_like_a_term_is_none(source, text, language):
    assert not occurs(source, text, language)


def test_only_what_is_not_in_the_translation_is_missed_and_in_the_callers_spelling():
    terms = [
        Term(source="Anneau", target="Ring"),
        Term(source="Épée", target="Sword of Dawn"),
        Term(source="roi", target="king"),
    ]
    assert missed(terms, "The king's ring and the sword of the dawn", "en") == ("Épée",)
    assert missed(terms, "Kings, rings, swords of dawn", "en") == ()
    assert missed(terms, "", "en") == ("Anneau", "Épée", "roi")


def test_terms_are_put_in_the_place_of_all_their_sources_the_longest_first():
    terms = [Term(source="Ring", target="Anneau"), Term(source="Ring of Fire", target="Cercle de Feu")]
    text = "Rings! The ring of fire, not a ring."
    assert with_targets(text, terms, "en") == "Anneau! The Cercle de Feu, not a Anneau."
    assert with_targets("那座黑塔很高。", [Term(source="黑塔", target="Black Tower")], "zh") == "那座Black Tower很高。"


words = st.text(st.characters(categories=["Ll", "Lu", "Mn", "Nd", "Po"]), min_size=1, max_size=8)


@given(st.lists(words, max_size=6), st.lists(st.tuples(words, words), max_size=4), st.sampled_from(["en", "hi", "ja", "ar"]))
def test_whatever_the_text_what_is_found_is_of_the_terms_and_no_term_breaks_it(texts, pairs, language):
    terms = [Term(source=source, target=target) for source, target in pairs]
    text = " ".join(texts)
    found = occurring(terms, text, language)
    assert set(found) <= set(terms)
    assert set(missed(terms, text, language)) <= {term.source for term in terms}
    if not found:
        assert with_targets(text, terms, language) == text


def test_a_text_that_is_a_term_has_it():
    for text in ("Anneau", "ring of fire", "दिल्ली", "黑塔", "C++"):
        for language in ("fr", "hi", "zh"):
            assert occurs(text, text, language)
