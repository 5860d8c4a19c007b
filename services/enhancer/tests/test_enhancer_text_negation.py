"""How many clauses of a text are negated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_enhancer.domain.text.negation import knows_negation, negations

CLAUSES = (
    ("hi", "मैं नहीं जाऊँगा।", 1),
    ("hi", "तुम आओगे, है ना?", 0),
    ("hi", "चलो ना यार", 0),
    ("hi", "तुम आओगे, है ना यार", 0),
    ("hi", "वो अच्छा था ना तब", 0),
    ("hi", "बताओ ना मुझे", 0),
    ("hi", "ना जाओ", 1),
    ("hi", "नहीं, मैं नहीं जाऊँगा", 2),
    ("hi", "नहीं नहीं नहीं!", 1),
    ("hi", "नहीं! नहीं!", 1),
    ("hi", "कोई नहीं आया", 1),
    ("hi", "कभी न कभी मिलेंगे", 0),
    ("hi", "क्यों न हम चलें", 0),
    ("hi", "बिना बताए मत जाना", 1),
    ("hi", "आओगे या नहीं?", 0),
    ("hi", "ना राम आया ना श्याम", 1),
    ("hi", "yeh mat karo", 1),
    ("hi", "hai na?", 0),
    ("hi", "nahin, main nahi aaunga", 2),
    ("hi", "जब तक वो न आए तुम रुको", 0),
    ("hi", "भागो, नहीं तो मर जाओगे", 0),
    ("en", "I don't know anything.", 1),
    ("en", "No, I won't go.", 2),
    ("en", "It's nice, isn't it?", 0),
    ("en", "Isn't it nice?", 1),
    ("en", "Nobody never said nothing", 1),
    ("en", "I never said that he didn't come", 2),
    ("en", "Why don't we go?", 0),
    ("en", "neither Ram nor Shyam came", 1),
    ("en", "I can't help laughing", 0),
    ("en", "I'm sorry, I can't help you", 1),
    ("en", "without telling", 1),
    ("en", "No, no, no!", 1),
    ("en", "No problem", 1),
    ("fr", "Je ne sais pas.", 1),
    ("fr", "Il ne reste plus rien", 1),
    ("fr", "Il ne boit que de l'eau", 0),
    ("fr", "avant que la pluie ne commence", 0),
    ("fr", "Non, je n'irai jamais.", 2),
    ("fr", "J'en veux plus", 0),
    ("fr", "C'est beau, n'est-ce pas ?", 0),
    ("fr", "Je sais pas", 1),
    ("es", "No vi nada", 1),
    ("es", "Nadie vino", 1),
    ("es", "Es bonito, ¿no?", 0),
    ("es", "De nada", 0),
    ("pt", "Não sei de nada", 1),
    ("pt", "É bonito, não é?", 0),
    ("pt", "Não, eu não vou", 2),
    ("de", "Ich weiß es nicht", 1),
)


@pytest.mark.parametrize(("language", "text", "count"), CLAUSES)
def test_negated_clauses_are_counted(language, text, count):
    assert negations(text, language) == count


@given(st.text(max_size=80), st.sampled_from(["hi", "en", "fr", "es", "pt", "it", "de", "ja"]))
def test_any_text_can_be_read(text, language):
    assert negations(text, language) >= 0


def test_it_is_known_which_languages_are_understood():
    assert knows_negation("hi")
    assert not knows_negation("ja")
    assert negations("知らない", "ja") == 0
