"""Noun phrases of an English draft that nothing in the line accounts for but a name that the draft lacks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from setu_enhancer.domain.dictionary import renderings
from setu_enhancer.domain.given import GIVEN
from setu_enhancer.domain.lexicon.people import titles
from setu_enhancer.domain.mending.account import Account
from setu_enhancer.domain.mending.drafts import Word, runs, split
from setu_enhancer.domain.mending.meant import does, may_do
from setu_enhancer.domain.mending.place import Place, Span
from setu_enhancer.domain.text.closed import ARTICLES, GENITIVES, POSSESSIVES, folded_set
from setu_enhancer.domain.text.words import folded
from setu_enhancer.domain.words import FUNCTION

_DETERMINERS: Final = ARTICLES | POSSESSIVES | folded_set("this that these those some any no another what which whose own")
_PRONOUNS: Final = frozenset("i you he she it we they me him her us them who myself yourself himself herself".split())  # noqa: SIM905
_BE: Final = frozenset("is are was were am be been being isn't aren't wasn't weren't it's that's he's she's".split())  # noqa: SIM905
_HELPERS: Final = frozenset(
    "do does did will would can could shall should may might must have has had don't doesn't didn't won't wouldn't can't couldn't shouldn't haven't "  # noqa: SIM905
    "hasn't hadn't never always also not let to i'll i'm i've i'd you'll you're you've he'll she'll we'll we're they'll they're they've we've".split()
)
PREPOSITIONS: Final = frozenset(
    "of in on at from with to for by near behind beside between into onto about without after before until till upon towards toward inside outside "  # noqa: SIM905
    "under over through across around than like than versus and or".split()
)
# What follows whom a sentence is about.
VERBS: Final = _BE | frozenset(
    "has had will would can could did does do may must should won't wouldn't can't couldn't didn't doesn't said says "  # noqa: SIM905
    "told tells came comes went goes gave gives took takes got gets made makes knows knew wants wanted thinks thought never always also too then".split()
)
_FINITE: Final = (VERBS | _HELPERS) - frozenset("never always also not to too then".split())  # noqa: SIM905
# Behind them another clause begins, and before them: "I said the kohl ruminates".
_JOINING: Final = frozenset({"and", "or", "but"})
_TELLING: Final = folded_set(
    "said say says think thinks thought know knows knew hope hopes believe believes told tell tells heard"
)
# What is asked with them has another verb: "does the kohl ruminate".
_ASKING: Final = frozenset(
    "do does did don't doesn't didn't will would can could shall should may might must won't wouldn't can't couldn't".split()  # noqa: SIM905
)
_LINKS: Final = frozenset({"of", "having"})
_TAIL: Final = frozenset({"one", "ones"})
# Behind them somebody does something: "make the lion dance".
_LETTING: Final = frozenset("make makes made let lets help see saw seen hear heard watch watched".split())  # noqa: SIM905
_POINTING: Final = frozenset({"this", "that", "the"})
_MADE: Final = ("ing", "ed")
_CASES: Final = {
    folded(case): frozenset(told.split(" "))
    for case, told in (
        ("ने", " by"),
        ("को", "to at for"),
        ("से", "from with to by than of"),
        ("में", "in into at inside"),
        ("पर", "on at upon onto"),
        ("का", "of"),
        ("की", "of"),
        ("के", "of"),
        ("तक", "to until till"),
    )
}
_NE: Final = folded("ने")
_THERE: Final = folded_set("में पर तक")
_SUBJECTS: Final = frozenset({"i", "you", "he", "she", "we", "they", "someone", "somebody"})
FEW: Final = 2


@dataclass(frozen=True)
class Phrase:
    """Words of a draft in a row.

    Args:
        run: the words with no punctuation between them among which they are.
        first: where in it they begin.
        end: where they end.
    """

    run: tuple[Word, ...]
    first: int
    end: int

    @property
    def words(self) -> tuple[Word, ...]:
        """They."""
        return self.run[self.first : self.end]

    @property
    def span(self) -> Span:
        """Where in the draft they are."""
        return self.words[0].start, self.words[-1].end

    @property
    def before(self) -> str:
        """The word before them, in small letters."""
        return self.run[self.first - 1].text.casefold() if self.first else ""

    @property
    def after(self) -> str:
        """The word behind them."""
        return self.run[self.end].text.casefold() if self.end < len(self.run) else ""

    @property
    def preposition(self) -> str:
        """What stands before them, a determiner aside."""
        at = self.first - 1
        while at >= 0 and self.run[at].text.casefold() in _DETERMINERS:
            at -= 1
        return self.run[at].text.casefold() if at >= 0 else ""

    def is_noun(self, language: str, source: Sequence[str]) -> bool:
        """Whether they stand where a noun stands, and no verb."""
        before, after, word = self.before, self.after, self.words[0].plain
        if before in _DETERMINERS:
            return True
        follows = after in _DETERMINERS | _PRONOUNS
        if word in PREPOSITIONS or (word in FUNCTION and len(self.words) == 1):
            return False
        if (
            word.endswith(_MADE)
            or does(word)
            or before in _PRONOUNS
            or (follows and before not in PREPOSITIONS - {"to", "and", "or"})
        ):
            return False
        if before in _HELPERS:
            return before == "to" or (self.first == 1 and before not in ("let", "not", "never", "always", "also"))
        kin = any(after in titles(each, language) for each in source)
        return bool(before) or not after or after in VERBS or kin or after == "and"


def phrases(draft: str, account: Account) -> Iterator[Phrase]:
    """The phrases of a draft for which no word of the line accounts, but for words that only may be the verbs of their clauses."""
    for run in runs(draft):
        at, verbs = 0, _verbs(run, account)
        while at < len(run):
            end = _end(draft, run, at, account)
            end = next((verb for verb in verbs if at < verb < end), end)
            if end == at or at in verbs:
                at += 1
                continue
            yield Phrase(run, at, end)
            at = end


def _end(draft: str, run: Sequence[Word], at: int, account: Account) -> int:
    """Where a phrase that begins at a word ends; there if none begins."""
    word = run[at]
    if word.plain in _POINTING and at + 1 < len(run) and run[at + 1].plain in _TAIL and "one" not in account.rest:
        return at + 2 if word.plain != "the" else at
    if word.plain in PREPOSITIONS or (at and draft[run[at - 1].end : word.start] == "-"):
        return at
    adverb = word.plain.endswith("ly") and at + 1 < len(run) and account.is_left(run[at + 1]) and not account.has(word)
    if not account.is_left(word) and not adverb:
        return at
    end = at + 1
    while end < len(run):
        following = run[end]
        hyphened = draft[run[end - 1].end : following.start] == "-"
        if following.plain in PREPOSITIONS - _LINKS:
            break
        if account.is_left(following) or following.plain in _TAIL or hyphened:
            end += 1
        elif following.plain in _LINKS and (step := _over(run, end + 1)) < len(run) and account.is_left(run[step]):
            end = step + 1
        else:
            break
    return end


def _verbs(run: Sequence[Word], account: Account) -> list[int]:
    """Where words stand of which the line does not tell, and without which a clause may have no verb."""
    parts = [-1, *(at for at, word in enumerate(run) if word.plain in _JOINING), len(run)]
    found = [_only_verb(run, start + 1, end, account) for start, end in pairwise(parts)]
    return [at for at in found if at is not None]


def _only_verb(run: Sequence[Word], start: int, end: int, account: Account) -> int | None:
    """The same between two conjunctions: what has the form of a verb, or stands behind whom something is asked about."""
    verbs = [at for at in range(start, end) if _is_verb(run, at) and run[at].plain not in _TELLING]
    if not verbs:
        return next((at for at in range(start + 1, end) if _may_follow(run, at) and account.is_left(run[at])), None)
    first = verbs[0] + 1
    if len(verbs) > 1 or run[verbs[0]].plain not in _ASKING or verbs[0] not in (start, start + 1):
        return None
    while first < end and run[first].plain in _DETERMINERS:
        first += 1
    last = first
    while last + 1 < end and account.is_left(run[last]) and account.is_left(run[last + 1]):
        last += 1
    return last if last > first and run[last].text.islower() else None


def _may_follow(run: Sequence[Word], at: int) -> bool:
    """Whether a word has the form of what somebody does, and stands behind somebody: "the kohl ruminates", and not "of fig trees"."""
    word, ahead = run[at], run[at - 1]
    ending = word.plain.endswith("s") and not word.plain.endswith(("ss", "us", "is"))
    if (
        not ending
        or not word.text.islower()
        or ahead.text != ahead.bare
        or ahead.plain in _DETERMINERS | PREPOSITIONS | FUNCTION
    ):
        return False
    first = at - 1
    while first and run[first - 1].plain not in _DETERMINERS | PREPOSITIONS | FUNCTION:
        first -= 1
    before = Phrase(tuple(run), first, at).preposition
    return before not in PREPOSITIONS - {"and", "or"}


def _is_verb(run: Sequence[Word], at: int) -> bool:
    """Whether a word may be the verb of some words in a row: no article stands before it, and no preposition."""
    word = run[at]
    if not _FINITE.isdisjoint((word.plain, word.text.casefold())) or (word.text != word.bare and word.plain in FUNCTION):
        return True
    if at and run[at - 1].plain in _DETERMINERS | PREPOSITIONS - {"and", "or"}:
        return False
    return may_do(word.plain) and not word.plain.endswith(("ly", "ing"))


def _over(run: Sequence[Word], at: int) -> int:
    """The place behind an article, if there is one."""
    return at + 1 if at < len(run) and run[at].plain in ARTICLES else at


def assigned(draft: str, missing: Sequence[Place], account: Account) -> list[tuple[Span, Place]]:
    """Which phrases stand for which names that a draft lacks; none where nothing tells.

    Args:
        draft: it.
        missing: the names, in the order of the line.
        account: of the line without any of them.
    """
    free = [each for each in phrases(draft, account) if each.is_noun(account.pair.source, account.rest)]
    found: list[tuple[Span, Place]] = []
    left = list(missing)
    for place in missing:
        hit = [each for each in free if any(place.hits(word) for word in each.words)]
        if len(hit) == 1 or (
            hit and len({" ".join(word.stem for word in each.words) for each in hit}) == 1 and len(hit) == place.times
        ):
            found += [(_beside(draft, _hit(each, place), place), place) for each in hit]
            free = [each for each in free if each not in hit]
            left.remove(place)
    if not account.known or not left:
        return found
    free = [each for each in free if not _is_of_many(each) and not _is_of_thing(draft, each, account)]
    if not account.is_told(draft, {place.case for place in left}):
        return found  # what is left may be another word of the line
    if len(free) == len(left) <= FEW:
        return found + [(each.span, place) for each, place in zip(free, left, strict=True) if _fits(each, place)]
    if len(left) == 1:
        fitting = [each for each in free if each.preposition in _CASES.get(left[0].case, ()) and _fits(each, left[0])]
        if len(fitting) == 1:
            found.append((fitting[0].span, left[0]))
    return found


def _is_of_many(phrase: Phrase) -> bool:
    """Whether a phrase is of more than one, and so nobody: "they are siblings"."""
    last = phrase.words[-1]
    return (
        last.text.islower()
        and last.text == last.bare
        and last.plain.endswith("s")
        and not last.plain.endswith(("ss", "us", "is"))
    )


def _is_of_thing(draft: str, phrase: Phrase, account: Account) -> bool:
    """Whether a thing that the line has stands right before a phrase, which so is of it: "the fare slip"."""
    ahead = phrase.run[phrase.first - 1] if phrase.first else None
    if ahead is None or ahead.text != ahead.bare or draft[ahead.end : phrase.span[0]].strip():
        return False
    return not does(ahead.plain) and account.is_thing(ahead)


def _fits(phrase: Phrase, place: Place) -> bool:
    """Whether a phrase that nothing but its being left shows to be a name is where the line has that."""
    if place.case == _NE:
        told = phrase.run[0].plain in _SUBJECTS or phrase.preposition in PREPOSITIONS - {"by", "and", "or"}
        return not told
    return place.case not in _THERE or phrase.preposition in PREPOSITIONS


def widened(draft: str, span: Span, place: Place) -> Span:
    """A span of a draft with the rest of the phrase that it is of, as far as nothing in the line accounts for that."""
    account = place.account
    for each in phrases(draft, account):
        chunk = next((some for some in _chunks(each) if some[0].start <= span[0] and span[1] <= some[-1].end), ())
        behind = [word for word in chunk if word.start >= span[1]]
        if not chunk or any(word.text[:1].isupper() for word in chunk[1:]):
            continue
        for word in behind:
            if draft[word.start - 1] != "-" and (
                each.preposition in _LETTING or word.plain.endswith(_MADE) or may_do(word.plain)
            ):
                behind = behind[: behind.index(word)]
                break
        if behind and behind[-1] == each.words[-1] and each.after in _DETERMINERS | _PRONOUNS | {"it"}:
            behind = behind[:-1]  # whatever it means, something is done to what follows
        end = behind[-1].end if behind else span[1]
        return _beside(draft, (_start(each, chunk, span), end), place)
    return _beside(draft, span, place)


def is_bound(draft: str, span: Span, place: Place) -> bool:
    """Whether a word of a draft is half of a longer one, and so nobody: "an X-ray", "the laser beam" where the line has "the beam of the laser"."""
    if draft[: span[0]].endswith("-") or (draft[span[1] :].startswith("-") and not draft[span[1] :].startswith("-in-law")):
        return True
    owner = place.heard[place.at - 2 : place.at - 1] if place.at > 1 and place.ahead in GENITIVES else ()
    before = next((word for word in reversed(split(draft)) if word.end < span[0]), None)
    if not owner or before is None or before.text != before.bare or draft[before.end : span[0]].strip() or place.times > 1:
        return False
    return place.account.renders(folded(owner[0]), before)


def _start(phrase: Phrase, chunk: Sequence[Word], span: Span) -> int:
    """Where a chunk begins whose words before a span are none of a verb: "bring joy" is no joy."""
    start = span[0]
    for word in reversed([each for each in chunk if each.end <= span[0]]):
        at = phrase.run.index(word)
        bound = at > 0 and phrase.run[at - 1].plain in _DETERMINERS
        if does(word.plain) or (may_do(word.plain) and not bound):
            break
        start = word.start
    return start


def _beside(draft: str, span: Span, place: Place) -> Span:
    """A span with the words on either side that are of the name as well: the uncle of Mangal Kaka."""
    if len(place.said) == 1 and (folded(place.said[0]) in GIVEN or renderings(folded(place.said[0]), place.pair.source)):
        return span
    run = next((each for each in runs(draft) if each[0].start <= span[0] and span[1] <= each[-1].end), ())
    within = [at for at, word in enumerate(run) if span[0] <= word.start and word.end <= span[1]]
    if not within:
        return span
    first, end = within[0], within[-1] + 1
    while first and (place.hits(run[first - 1]) and not place.account.is_other(run[first - 1])):
        first -= 1
    while end < len(run) and (place.hits(run[end]) or draft[run[end - 1].end : run[end].start] == "-"):
        end += 1
    return run[first].start, run[end - 1].end


def _chunks(phrase: Phrase) -> Iterator[tuple[Word, ...]]:
    """The parts of a phrase on either side of "of", and of who owns something."""
    part: list[Word] = []
    for word in phrase.words:
        if word.plain in _LINKS:
            if part:
                yield tuple(part)
            part = []
            continue
        if part or word.plain not in ARTICLES:
            part.append(word)
        if word.text != word.bare:
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


def _hit(phrase: Phrase, place: Place) -> Span:
    """The part of a phrase that stands for a name, and not what it is of."""
    chunks = list(_chunks(phrase))
    hit = [chunk for chunk in chunks if any(place.hits(word) for word in chunk)] or chunks
    if len(place.said) > 1 and chunks[0][-1].text != chunks[0][-1].bare:
        hit = chunks  # "mountain's daughter city"
    return hit[0][0].start, hit[-1][-1].end
