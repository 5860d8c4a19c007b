"""Whether a translation denies what its line denies, and nothing else.

Languages deny in ways that counting negating words does not see: "मत बोलो" is "Be quiet", "कोई बात नहीं" is "It's all right", "छोड़ो" is "Never
mind". So each side is read twice: what surely is denied, and what may be. A translation is at fault only where one side surely denies, and
the other can't be read so: as a whole, or sentence by sentence and between commas, where line and translation have as many.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.affirming import (
    FORBIDS,
    affirms_what_the_draft_denies,
    denies_what_the_draft_says,
    does_what_is_denied,
)
from setu_enhancer.domain.contrasts import contrast
from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.excused import (
    denies_for_an_idiom,
    denying_words,
    distinct_denials,
    has_what_the_line_is_without,
    is_silent,
    is_turn,
    without_idioms,
)
from setu_enhancer.domain.lexicon import idioms_in, says
from setu_enhancer.domain.lexicon.denials import (
    ANSWER,
    CUES,
    HARDLY,
    LOOSE,
    NEARLY,
    NEARLY_SAID,
    REFUSED,
    SAYS_NO,
    SAYS_YES,
    UNSAID,
    WITHOUT,
    Cue,
    Cues,
)
from setu_enhancer.domain.lexicon.people import is_ordinary_name
from setu_enhancer.domain.opposites import affirms_the_opposite, denies_the_opposite
from setu_enhancer.domain.rhetoric import denies_what_ceases, may_be_rhetoric, says_it_matters, states_what_is_asked
from setu_enhancer.domain.text.negation import knows_negation, may_negate, negations
from setu_enhancer.domain.text.segments import segments
from setu_enhancer.domain.text.sieve import Sieve, Sieves
from setu_enhancer.domain.words import KEPT, plain, shared, stem, words

SEVERAL: Final = 2
PAIRED: Final = frozenset({"neither", "nor", "either", "unless"})
_ASKED: Final = re.compile(r"\bwhy (?:do|does|did|is|are|was|were|have|has|wo|ca|would|could|should)n't\b")
_REFUSED: Final = {language: Sieve(pattern) for language, pattern in REFUSED.items()}
_HARDLY: Final = {language: Sieve(pattern) for language, pattern in HARDLY.items()}
_NEARLY: Final = {language: Sieve(pattern) for language, pattern in NEARLY.items()}
CALLED_WORDS: Final = 2  # of whom one calls, at most
UNLIKE: Final = 3
"""From how many times as many words on a part of one side can't be a part of the other."""
LOSES: Final = "The line denies something, and this does not: keep its negation."
ADDS: Final = "The line denies nothing, and this does: take the negation out."
MOVES: Final = "It denies another part than the line does: keep each negation where it is."
LESS: Final = "The line denies more than one thing: keep each negation."
WITHOUT_ONLY: Final = "The line denies something beside what it says is without: keep both negations."
TURNED: Final = "The line answers otherwise: keep its yes or no."


@dataclass(frozen=True)
class _Reading:
    """What a line, or a part of one, denies, and what its translation does, side by side."""

    said: str
    text: str
    draft: str
    source: str
    target: str

    @property
    def _own(self) -> bool:
        """Whether the line itself can be read, and not only its draft."""
        return self.source != self.target

    @property
    def _is_into_english(self) -> bool:
        return self._own and self.target == "en"

    def loses(self) -> bool:
        """Whether the line denies something, and the translation nothing."""
        surely, _ = _denies(self.said, self.source)
        if _denies(self.text, self.target)[1]:
            return False
        if not surely and self._own and _is_hardly(self.said, self.text, self.source, self.target):
            return True
        if not surely:
            return self._own and _permits(self.said, self.text, self.source, self.target)
        if self._own and _is_idiom(self.said, self.text, self.source):
            return False
        if self._is_into_english and affirms_the_opposite(self.said, self.text, self.source):
            return False
        return self._says_nothing_of_it()

    def _says_nothing_of_it(self) -> bool:
        """Whether a translation that denies nothing has no other way to say what its line denies, or affirms that."""
        cue = self._cue(UNSAID)
        if cue is None and not is_silent(self.text, self.draft, self.target):
            return True
        rest = self.text if cue is None or not is_turn(cue[0]) else f"{cue.string[: cue.start()]} {cue.string[cue.end() :]}"
        return affirms_what_the_draft_denies(rest, self.draft, self.target) or (
            self._own and does_what_is_denied(self.said, rest, self.source, self.target)
        )

    def adds(self) -> bool:
        """Whether the translation denies something, or more, where the line does not."""
        _, perhaps = _denies(self.said, self.source)
        surely_told, _ = _denies(self.text, self.target)
        if not perhaps and not surely_told:
            return self._own and (
                _is_nearly(self.said, self.text, self.draft, self.source, self.target)
                or (
                    bool(self.draft)
                    and not _denies(self.draft, self.target)[1]
                    and denies_what_the_draft_says(self.text, self.draft, self.target)
                )
            )
        if not surely_told or self._cue(CUES):
            return False
        if not perhaps:
            return not (self._own and self._is_excused())
        most = max(perhaps, denying_words(self.said, self.source), _denies(self.draft, self.target)[1])
        return self._own and surely_told > most

    def _is_excused(self) -> bool:
        """Whether the translation may deny though the line does not: for an idiom, or what the line tells to leave off."""
        return (
            _is_idiom(self.said, self.text, self.source)
            or (self.source == "hi" and denies_what_ceases(self.said, self.text))
            or (self._is_into_english and denies_for_an_idiom(self.said, self.text, self.draft, self.source))
            or (self._is_into_english and denies_the_opposite(self.said, self.text, self.source))
        )

    def keeps_only_without(self) -> bool:
        """Whether a line denies something, and has something without something, and its translation only the latter."""
        with_it, without = WITHOUT.get(self.source), WITHOUT.get(self.target)
        said, told = plain(self.said), plain(self.text)
        if not self._own or with_it is None or without is None or not with_it.search(said) or not without.search(told):
            return False
        if self._cue(UNSAID):
            return False
        return bool(_denies(with_it.sub(" ", said), self.source)[0]) and not _denies(without.sub(" ", told), self.target)[1]

    def loses_one(self) -> bool:
        """Whether a translation denies less than its line and its draft, which agree."""
        surely, _ = _denies(self.said, self.source)
        surely_told, perhaps_told = _denies(self.text, self.target)
        if PAIRED.intersection(words(self.text)):
            return False  # "neither he nor she" denies both in one clause
        drafted, _ = _denies(self.draft, self.target)
        if perhaps_told + 1 == surely and self._cue(UNSAID):
            return False
        if perhaps_told >= distinct_denials(self.said, self.source):
            return False
        return self._own and surely >= SEVERAL and drafted == surely and 0 < perhaps_told < surely and surely_told < surely

    def _cue(self, cues: Cues) -> re.Match[str] | None:
        if not self._is_into_english:
            return None
        told = plain(self.text)
        among = [found for cue in _cued(self.said, self.source, unsaid=cues is UNSAID) if (found := cue.told.search(told))]
        return max(among, key=lambda found: is_turn(found[0]), default=None)


@lru_cache(maxsize=2 * KEPT)
def _cued(said: str, language: str, *, unsaid: bool) -> tuple[Cue, ...]:
    """The cues of a line, of which each draft and edit of it is looked at for what they come to."""
    plainly, cues = plain(said), (UNSAID if unsaid else CUES).get(language, ())
    sieves = _sieves(language, unsaid=unsaid)
    return tuple(cues[at] for at in sieves.among(plainly) if cues[at].said.search(plainly))


@lru_cache(maxsize=16)
def _sieves(language: str, *, unsaid: bool) -> Sieves:
    return Sieves(cue.said for cue in (UNSAID if unsaid else CUES).get(language, ()))


@lru_cache(maxsize=KEPT)
def denial_fault(source: str, text: str, draft: str, source_language: str, target_language: str) -> str:
    """What is wrong with what a translation denies.

    Args:
        source: what is said.
        text: its translation.
        draft: the machine's translation, the only witness where a language's negation is not known here.
        source_language: of ``source``.
        target_language: of ``text`` and ``draft``.

    Returns:
        In words that a translator can act on; empty if nothing is wrong, or nothing can be told.
    """
    if not knows_negation(target_language):
        return ""
    if not knows_negation(source_language):
        return _whole(draft, text, draft, target_language, target_language)
    if (source_language, target_language) == ("hi", "en") and (told := _of_hindi(source, text, draft)):
        return told
    if _denies_nothing(source, text, source_language, target_language):
        return ""
    if verdict := contrast(source, text, draft, source_language) if target_language == "en" else "":
        return MOVES if verdict == "moved" else ""
    text = without_idioms(source, text, source_language)
    turned = _answers_otherwise(source, text, draft, source_language, target_language)
    source, text, draft = _unanswered(source, text, draft, source_language, target_language)
    return turned or (
        _whole(source, text, draft, source_language, target_language)
        or _by_part(source, text, draft, source_language, target_language)
        or _against_draft(source, text, draft, source_language, target_language)
    )


def _of_hindi(source: str, text: str, draft: str) -> str:
    """What is wrong with how a text takes what Hindi denies without a word that does."""
    if may_be_rhetoric(source) and states_what_is_asked(source, text, draft):
        return LOSES
    if says_it_matters(source, text):
        return ADDS
    return WITHOUT_ONLY if has_what_the_line_is_without(source, text, draft, "hi") else ""


def _denies_nothing(said: str, text: str, source_language: str, target_language: str) -> bool:
    """Whether neither a line nor its translation has a word that denies, nearly denies or forbids, nor any part of them."""
    plainly, told = plain(said), plain(text)
    if may_negate(plainly, source_language) or may_negate(told, target_language) or '"' in plainly or '"' in told:
        return False
    refused, nearly, hardly = (
        kept.get(language)
        for kept, language in ((_REFUSED, source_language), (_NEARLY, target_language), (_HARDLY, source_language))
    )
    return (
        not (hardly is not None and hardly.may(plainly))
        and not (refused is not None and refused.may(plainly))
        and not (nearly is not None and nearly.may(told))
    )


def _whole(said: str, text: str, draft: str, source_language: str, target_language: str) -> str:
    """What is wrong as a whole. What is said may be a part of a line, and the text the part of its translation that stands for it."""
    if source_language != target_language and _denies_nothing(said, text, source_language, target_language):
        return ""
    at = _Reading(said, text, draft, source_language, target_language)
    faults = ((at.loses(), LOSES), (at.keeps_only_without(), WITHOUT_ONLY), (at.adds(), ADDS), (at.loses_one(), LESS))
    return next((told for holds, told in faults if holds), "")


def _by_part(source: str, text: str, draft: str, source_language: str, target_language: str) -> str:
    """What is wrong with a part, where line and translation have as many."""
    for pauses in (False, True):
        said, told = segments(source, pauses=pauses), segments(text, pauses=pauses)
        drafted = segments(draft, pauses=pauses)
        if len(said) != len(told) or len(said) < SEVERAL or any(map(_are_unlike, said, told)):
            continue
        beside = drafted if len(drafted) == len(told) else ("",) * len(told)
        faults = [
            (at, fault)
            for at, parts in enumerate(zip(said, told, beside, strict=True))
            if (fault := _whole(*parts, source_language, target_language))
        ]
        if len(faults) == SEVERAL and _is_elsewhere(said, told, beside, (source_language, target_language), pauses=pauses):
            continue
        if faults and not (pauses and _are_moved(told, beside, target_language)):
            return MOVES if len({fault for _, fault in faults}) > 1 else faults[0][1]
    return ""


def _are_unlike(said: str, told: str) -> bool:
    fewer, more = sorted((len(words(said)), len(words(told))))
    return more > UNLIKE * fewer + 1


def _against_draft(source: str, text: str, draft: str, source_language: str, target_language: str) -> str:
    """What is wrong beside a draft that denies as its line does: what it denies is affirmed, though something else is denied."""
    surely, perhaps = _denies(source, source_language)
    drafted, _ = _denies(draft, target_language)
    if (
        target_language != "en"
        or not surely
        or drafted != surely
        or perhaps != surely
        or _is_idiom(source, text, source_language)
    ):
        return ""
    told, _ = _denies(text, target_language)
    return MOVES if told and affirms_what_the_draft_denies(text, draft, target_language) else ""


def _are_moved(told: tuple[str, ...], drafted: tuple[str, ...], language: str) -> bool:
    """Whether a translation says the parts of its draft in another order."""
    if not all(drafted):
        return False
    return any(
        shared(one, second, language) + shared(other, first, language)
        > shared(one, first, language) + shared(other, second, language)
        for (one, other), (first, second) in zip(pairwise(told), pairwise(drafted), strict=True)
    )


def _is_elsewhere(
    said: tuple[str, ...], told: tuple[str, ...], drafted: tuple[str, ...], languages: tuple[str, str], *, pauses: bool
) -> bool:
    """Whether a translation only says in another order what its line denies: as its draft does, or with who is called at the other end."""
    source, target = languages
    there, here = [bool(_denies(each, source)[1]) for each in said], [bool(_denies(each, target)[1]) for each in told]
    if sum(there) != sum(here):
        return False
    if all(drafted) and [bool(_denies(each, target)[1]) for each in drafted] == here:
        return True
    if not pauses or len(said) != SEVERAL or there != here[::-1] or sum(here) != 1:
        return False
    meant = frozenset().union(*(renderings(word, source) for word in words(said[there.index(True)])))
    denied, affirmed = (frozenset(map(stem, words(told[here.index(so)]))) for so in (True, False))
    if target == "en" and not meant.isdisjoint(denied - affirmed) and meant.isdisjoint(affirmed):
        return True  # "by the mind, not by strength", said the other way round
    called, who = words(said[there.index(False)]), words(told[here.index(False)])
    return len(called) <= CALLED_WORDS and bool(who) and not any(map(is_ordinary_name, who))


def _unanswered(source: str, text: str, draft: str, source_language: str, target_language: str) -> tuple[str, str, str]:
    """The same without the "no" that both line and translation begin with."""
    said, told = SAYS_NO.get(source_language), SAYS_NO.get(target_language)
    if said is None or told is None or not said.search(plain(source)) or not told.search(plain(text)):
        return source, text, draft
    found = (said.sub(" ", plain(source), count=1), told.sub(" ", plain(text), count=1), told.sub(" ", plain(draft), count=1))
    return found if words(found[0]) and words(found[1]) else (source, text, draft)


def _answers_otherwise(source: str, text: str, draft: str, source_language: str, target_language: str) -> str:
    """Whether a line and its draft begin with one answer, and a text with the other."""
    for first, second in ((SAYS_YES, SAYS_NO), (SAYS_NO, SAYS_YES)):
        said, drafted, told = first.get(source_language), first.get(target_language), second.get(target_language)
        if (
            said is not None
            and drafted is not None
            and told is not None
            and said.search(plain(source))
            and told.search(plain(text))
            and not told.search(plain(draft))
        ):
            return TURNED
    return ""


def _permits(said: str, text: str, source_language: str, target_language: str) -> bool:
    """Whether somebody forbids or refuses in a line, and in its translation nobody does."""
    refused, told = REFUSED.get(source_language), REFUSED.get(target_language)
    return refused is not None and told is not None and bool(refused.search(plain(said))) and not told.search(plain(text))


def _is_hardly(said: str, text: str, source_language: str, target_language: str) -> bool:
    """Whether a line says that something hardly is, and its translation has no restraint at all."""
    hardly, told = HARDLY.get(source_language), HARDLY.get(target_language)
    return hardly is not None and told is not None and bool(hardly.search(plain(said))) and not told.search(plain(text))


def _is_nearly(said: str, text: str, draft: str, source_language: str, target_language: str) -> bool:
    """Whether a text hardly says what its line says without restraint."""
    nearly, restrained = NEARLY.get(target_language), NEARLY_SAID.get(source_language)
    if nearly is None or restrained is None or not nearly.search(plain(text)):
        return False
    if any(
        nearly.search(" ".join(idiom.meant)) or negations(" ".join(idiom.meant), "en")
        for idiom in idioms_in(said, source_language)
    ):
        return False
    return not nearly.search(plain(draft)) and not restrained.search(plain(said))


@lru_cache(maxsize=4 * KEPT)
def _denies(text: str, language: str) -> tuple[int, int]:
    """How many things a text surely denies, and how many it may. An answering "no" with more behind it is neither."""
    said = plain(text)
    rest = ANSWER[language].sub("", said, count=1) if language in ANSWER else said
    if words(rest):
        said = rest
    perhaps = negations(said, language)
    loose = LOOSE.get(language)
    surely = negations(loose.sub(" ", said), language) if loose else perhaps
    if language == "en" and not perhaps and _ASKED.search(said):
        perhaps = 1  # "why don't you" is mostly no denial
    return min(surely, perhaps), max(perhaps, 1 if loose and loose.search(said) and perhaps else perhaps)


def _is_idiom(said: str, text: str, language: str) -> bool:
    """Whether a text says what an idiom of the line means, of which one denies and the other does not."""
    return any(
        bool(negations(idiom.source, language)) is not bool(negations(found, "en"))
        for idiom in idioms_in(said, language)
        if not FORBIDS.intersection(words(idiom.source)) and (found := says(idiom.meant, text))
    )
