"""From where on something about a draft is a reason to ask for an edit. By itself, since settings need no rules to name it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """From where on something is a reason.

    Args:
        confidence: of the translating engine; a line below it is chosen.
        foreign_share: of a draft's letters in another script than its language's; Latin may stand in every script up to ``latin_share``.
        latin_share: of a draft's letters, where its language is not written in Latin.
        wrong_language: how sure it must be that a draft is in the source's language.
        fewest_words: below which no language is told.
        longer: than usual, how many times a draft may be; what is usual is the median of the text.
        shorter: than usual, how many times.
        longest_ignored: characters of a source that is too short for its proportion to tell anything.
        reading_speed: of the limit; a draft that must be read faster is chosen.
        characters_per_s: the limit; None: the usual one of the target language.
        scene_gap_s: the silence that ends a scene, and with it what a line refers to.
    """

    confidence: float = 0.35
    foreign_share: float = 0.0
    latin_share: float = 0.5
    wrong_language: float = 0.5
    fewest_words: int = 3
    longer: float = 2.2
    shorter: float = 2.5
    longest_ignored: int = 15
    reading_speed: float = 1.2
    characters_per_s: float | None = None
    scene_gap_s: float = 4.0
