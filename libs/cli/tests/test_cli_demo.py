"""What the demo shows beside each other was said at the same time."""

from setu_cli.commands.demo import abreast
from setu_common.subtitles import Cue


def cue(start_s: float, end_s: float, text: str) -> Cue:
    return Cue(start_s, end_s, text)


def test_cues_that_are_seen_at_once_stand_in_one_row_however_many_each_language_has():
    french = (cue(0.0, 4.5, "Bonjour le monde. Un, deux, trois."), cue(5.2, 7.7, "Portez ce whisky."))
    english = (cue(0.0, 1.0, "Hello, world."), cue(2.0, 5.1, "One, two, three."), cue(5.2, 7.8, "Take this whisky."))
    assert abreast({"fr": french, "en": english}) == [
        {"fr": [french[0]], "en": [english[0], english[1]]},
        {"fr": [french[1]], "en": [english[2]]},
    ]


def test_what_one_language_does_not_say_leaves_its_place_empty():
    only = cue(3.0, 4.0, "Hm.")
    assert abreast({"fr": (cue(0.0, 1.0, "Oui."), only), "en": (cue(0.0, 1.0, "Yes."),)})[1] == {"fr": [only]}
    assert abreast({}) == []
