"""Titles: which series they name, and which of its episodes; when two are of one work, in whatever spelling or script."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein

from setu_common.spelling.devanagari import is_brahmic, latin
from setu_common.spelling.names import sounds
from setu_common.spelling.words import unaccented, words

SHORTEST_SOUND: Final = 4
"""Shorter keys tell too little: Kal and Kaal are two films."""
LETTERS_PER_SLIP: Final = 7
"""For so many letters of a key one may be wrong."""
YEARS: Final = range(1900, 2100)

_START: Final = r"(?<![^\W_])"
_GAP: Final = r"[\s._:#–—-]*"
_SEASON_WORDS: Final = r"seasons?|saison|temporada|stagione|staffel|series|сезон|सीज़न|सीज़न|सीजन|सत्र"
_EPISODE_WORDS: Final = (
    r"episodes?|epis|ep|épisode|episodio|episódio|capítulo|capitulo|folge|серия|эпизод|एपिसोड|एपीसोड|एपि|कड़ी|कड़ी"
)
_BOTH: Final = (
    re.compile(rf"{_START}s(?P<season>\d{{1,3}}){_GAP}e(?:p(?:isode)?)?{_GAP}(?P<episode>\d{{1,5}})(?!\d)", re.IGNORECASE),
    re.compile(rf"{_START}(?P<season>\d{{1,2}})[x×](?P<episode>\d{{2,3}})(?![^\W_])", re.IGNORECASE),
)
_SEASON: Final = re.compile(
    rf"{_START}(?:(?:{_SEASON_WORDS}){_GAP}|s)(?P<number>\d{{1,3}})(?![^\W_])|第\s*(?P<counted>\d{{1,3}})\s*[季期]",
    re.IGNORECASE,
)
_EPISODE: Final = re.compile(
    rf"{_START}(?:(?:{_EPISODE_WORDS}){_GAP}|e)(?P<number>\d{{1,5}})(?![^\W_])|第\s*(?P<counted>\d{{1,5}})\s*[話话集回]",
    re.IGNORECASE,
)
_FILE_ENDING: Final = re.compile(r"\.(?:mkv|mp4|m4v|avi|mov|webm|ts|mp3|m4a|wav|flac|srt|vtt)$", re.IGNORECASE)
_EDGES: Final = " \t\n._,;:–—-|/\\()[]{}\"'“”‘’#"
_BRACKETED_YEAR: Final = re.compile(r"[\s._]*[(\[](?:19|20)\d\d[)\]]\s*$")
_DIGITS: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Titled:
    """What a title says.

    Args:
        name: of the series, or of the film.
        season: if it names one.
        episode: if it names one.
    """

    name: str
    season: int | None = None
    episode: int | None = None

    @property
    def is_episode(self) -> bool:
        """Whether it is of a series."""
        return self.season is not None or self.episode is not None


def parsed(title: str) -> Titled:
    """Read a title: "Mirzapur S01E02", "mirzapur - season 1 ep. 2", "मिर्ज़ापुर सीज़न १ एपिसोड २", "1x02 Mirzapur", or a film's name.

    The name is what stands before the numbers, or behind them if nothing does. Without numbers all of it is the name.
    """
    plain = _FILE_ENDING.sub("", unicodedata.normalize("NFC", title)).strip()
    for form in _BOTH:
        if found := form.search(plain):
            return Titled(_name(plain, [found]), int(found["season"]), int(found["episode"]))
    season, episode = _SEASON.search(plain), _EPISODE.search(plain)
    marks = [mark for mark in (season, episode) if mark]
    name = _name(plain, marks)
    if not name:  # "Series 7" may be the name of a film
        return Titled(_tidy(plain))
    return Titled(name, _number(season), _number(episode))


def key_of(name: str) -> str:
    """How a name is looked for: the same for its spellings in Latin and in an Indian script, with its numbers. Empty for no name.

    "Mirzapur", "mirzapoor" and मिर्ज़ापुर have one key; "Dhoom 2" and "Dhoom 3" have not.
    """
    plain = unicodedata.normalize("NFC", name)
    numbers = ".".join(str(int(found)) for found in _DIGITS.findall(plain))
    said = words(_DIGITS.sub(" ", plain))
    if len(said) > 1 and unaccented(said[0]) == "the":
        said = said[1:]
    written = "".join(unaccented(word) for word in said)
    readable = all(is_brahmic(word) or unaccented(word).replace("'", "").isascii() for word in said)
    heard = min(sounds(" ".join(said)), key=lambda each: (len(each), each), default="") if readable and said else ""
    sound = heard if len(heard) >= SHORTEST_SOUND else _squeezed(said) if readable else written
    return f"{sound}#{numbers}" if numbers else sound


def same_work(one: str, other: str) -> bool:
    """Whether two keys are of one work: equal, or nearly so where they are long, with the same numbers; a year may be missing."""
    if one == other:
        return bool(one)
    (name, _, numbers), (other_name, _, other_numbers) = one.partition("#"), other.partition("#")
    if not name or not other_name or not _same_numbers(numbers, other_numbers):
        return False
    return Levenshtein.distance(name, other_name) <= min(len(name), len(other_name)) // LETTERS_PER_SLIP


def _name(plain: str, marks: list[re.Match[str]]) -> str:
    """What stands before the first mark, or else behind the last."""
    if not marks:
        return _tidy(plain)
    before = _tidy(plain[: min(mark.start() for mark in marks)])
    return _BRACKETED_YEAR.sub("", before) or _tidy(plain[max(mark.end() for mark in marks) :])


def _tidy(text: str) -> str:
    spaced = text if " " in text.strip() else re.sub(r"[._]+", " ", text)
    closed = bool(_BRACKETED_YEAR.search(spaced))
    return " ".join(spaced.strip(_EDGES.replace(")", "").replace("]", "") if closed else _EDGES).split())


def _number(mark: re.Match[str] | None) -> int | None:
    return int(mark["number"] or mark["counted"]) if mark else None


def _squeezed(said: list[str]) -> str:
    """Words without what two spellings differ by at first sight: accents and apostrophes."""
    return "".join(unaccented(latin(word) if is_brahmic(word) else word).replace("'", "") for word in said)


def _same_numbers(one: str, other: str) -> bool:
    first, second = one.split(".") if one else [], other.split(".") if other else []
    if first == second:
        return True
    longer, shorter = sorted((first, second), key=len, reverse=True)
    rest = longer[len(shorter) :]
    return longer[: len(shorter)] == shorter and len(rest) == 1 and int(rest[0]) in YEARS
