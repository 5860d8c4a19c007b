"""How the words and digits of a text are put together to numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeGuard

from setu_enhancer.domain.text.giving import GIVE, is_two
from setu_enhancer.domain.text.numerals import AHEAD, BEHIND, DECIMAL_COMMA, NUMERALS, OTHERS, Numerals
from setu_enhancer.domain.text.words import unaccented

HUNDRED: Final = 100
TWELVE: Final = 12
FIRST_CENTURY, LAST_CENTURY = 13, 20
LONGEST_DIGITS: Final = 18
FEWEST_READ_OUT: Final = 3
MILLENNIUM: Final = 2000
ENDS: Final = ("", "gap")
_PLACES: Final = Decimal("0.0001")
_PRICED_IN: Final = (Decimal(10**7), Decimal(10**5))  # crore, lakh
_SCRIPTS_END: Final = 0x20000
"""Code points from here on are Han, tags and private: searching them all takes 50 ms of each process' start, and these 5."""
_PLAIN_DIGITS: Final = {code: str(unicodedata.decimal(chr(code))) for code in range(128, _SCRIPTS_END) if chr(code).isdecimal()}
_VULGAR: Final = (("½", "5"), ("¼", "25"), ("¾", "75"))
_SPACED_THOUSANDS: Final = re.compile(r"(?<!\d)(\d{1,3})((?:[\u00a0\u202f]\d{3})+)(?!\d)")
_WIDELY_SPACED_THOUSANDS: Final = re.compile(r"(?<!\d)(\d{1,3})((?:[ \u00a0\u202f]\d{3})+)(?!\d)")
_TOKEN: Final = re.compile(
    r"(?P<time>(?<![\d.:,])(?:[01]?\d|2[0-4])(?:\s?h\s?|:)[0-5]\d(?![\d:])|(?<![\d.:,])(?:0?\d|1[0-2])\.[0-5]\d(?=\s*(?:[ap]\.?m\b|बजे|baje)))"
    r"|(?P<date>(?<!\d)\d{1,2}([/.-])\d{1,2}\3(?:\d{4}|\d{2})(?!\d))"
    r"|(?P<number>\d+(?:[.,]\d+)*)(?:(?:st|nd|rd|th|eme|er|ere|वां|वीं|वें|वा|वी|[ºª°]|[eoa]|o)(?![^\W\d_]))?(?P<thousand>\s?k(?![^\W\d_]))?"
    r"|(?P<mark>₀½|[½¼]₊|¼₋|₊[½¼¾]|₋¼)"
    r"|(?P<word>[^\W\d_](?:[^\W\d_]|[\u0900-\u0963'])*)"
    r"|(?P<dash>[-–])"
    r"|(?P<gap>[^\w\s])"
)
_INDIAN_OR_WESTERN: Final = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?")
_DOTTED_THOUSANDS: Final = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_PART: Final = re.compile(r"[.,]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number in digits, or a mark: what kind it is, and what it says as a number."""

    kind: str  # simple, vague, exact, power, joint, or, point, hour, word, dash, gap; ahead and behind: marks of fractions
    value: Decimal = Decimal(0)
    digits: bool = False
    text: str = ""


DASH: Final = Token("dash")
GAP: Final = Token("gap")
NUMERIC: Final = frozenset({"exact", "simple", "vague", "power", "ahead"})
"""Kinds of tokens that a number begins with."""


def rewritten(text: str, language: str, numerals: Numerals) -> str:
    """A text as it is read: unaccented, in plain digits, with marks for fractions and for sayings that mean no number."""
    plain = text if text.isascii() else text.translate(_PLAIN_DIGITS)
    for sign, decimals in _VULGAR if not text.isascii() else ():
        if sign in plain:
            plain = re.sub(rf"(?<=\d)\s?{sign}", f".{decimals}", plain).replace(sign, f"0.{decimals}")
    spaced = _WIDELY_SPACED_THOUSANDS if language in DECIMAL_COMMA else _SPACED_THOUSANDS
    plain = spaced.sub(lambda found: re.sub(r"\D", "", found.group()), plain)
    plain = unaccented(plain)
    plain = numerals.idiom.sub(" * ", plain)
    patterns, replacements = numerals.rewriting
    at = 0
    while (at := next((each for each in patterns.among(plain) if each >= at), len(replacements))) < len(replacements):
        plain = patterns.patterns[at].sub(replacements[at], plain)
        at += 1
    return plain


def tokens(text: str, language: str) -> list[Token]:
    """The tokens of a rewritten text."""
    found: list[Token] = []
    for each in _TOKEN.finditer(text):
        said = each.group()
        match each.lastgroup:
            case "time":
                hours, minutes = map(int, re.findall(r"\d+", said))
                found.append(Token("exact", _hours(hours, minutes)))
            case "date":
                day, month, year = map(int, re.findall(r"\d+", said))
                found += [
                    Token("exact", Decimal(day if day > TWELVE or month <= TWELVE else month)),
                    Token("exact", Decimal(year)),
                ]
            case "number" | "thousand":
                found += [Token("simple", value, digits=True) for value in _written(each.group("number"), language)]
                found += [Token("power", Decimal(1000))] if each.group("thousand") else []
            case "mark":
                found.append(_marked(said))
            case "word":
                found += [_worded(part, language) for part in said.replace("'", " ").split()]
            case "dash":
                found.append(DASH)
            case _:
                found.append(GAP)
    return found


def _hours(hours: int, minutes: int) -> Decimal:
    return (hours - 1) % TWELVE + 1 + Decimal(minutes) / 60


def _written(number: str, language: str) -> list[Decimal]:
    """What digits with dots and commas in them say."""
    if language in DECIMAL_COMMA:
        if _DOTTED_THOUSANDS.fullmatch(number):
            return [Decimal(number.replace(".", "").replace(",", "."))]
        number = number.replace(",", ".") if number.count(",") + number.count(".") == 1 else number
    elif _INDIAN_OR_WESTERN.fullmatch(number):
        return [Decimal(number.replace(",", ""))]
    if number.count(".") <= 1 and "," not in number:
        return [Decimal(number)]
    return [Decimal(part) for part in _PART.split(number)]


def _marked(mark: str) -> Token:
    if mark in AHEAD:
        return Token("ahead", AHEAD[mark])
    return Token("behind", BEHIND[mark]) if mark in BEHIND else Token("simple", Decimal("0.5"))


@lru_cache(maxsize=32_768)
def _worded(word: str, language: str) -> Token:
    numerals = NUMERALS.get(language, OTHERS)
    word = numerals.stem(word)
    for kind, valued in (("vague", numerals.vague), ("simple", numerals.simple), ("power", numerals.powers)):
        if word in valued:
            return Token(kind, valued[word], text=word)
    for kind, listed in (
        ("joint", numerals.joints),
        ("or", numerals.ors),
        ("point", numerals.point),
        ("hour", numerals.before_hour),
    ):
        if word in listed:
            return Token(kind, text=word)
    return Token("word", text=word)


def kept(value: Decimal) -> Decimal:
    """A number as it is compared and shown: 3 and not 3.0000, and no more places than minutes need."""
    if value.adjusted() >= LONGEST_DIGITS:
        # A serial number, or rubbish: more digits than can be reckoned with. Its first ones tell it from others.
        return value.scaleb(LONGEST_DIGITS - 1 - value.adjusted()).to_integral_value()
    rounded = value.quantize(_PLACES)
    return Decimal(int(rounded)) if rounded == int(rounded) else rounded.normalize()


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _is_digit(value: Decimal | None) -> TypeGuard[Decimal]:
    return value is not None and value < 10 and _is_whole(value)  # noqa: PLR2004 - a digit


@dataclass
class Reading:
    """Puts the tokens of a text together to numbers, from left to right."""

    tokens: list[Token]
    numerals: Numerals
    said: Counter[Decimal] = field(default_factory=Counter)
    possible: Counter[Decimal] = field(default_factory=Counter)
    at: int = 0

    def run(self) -> None:
        """Read all of them."""
        while self.at < len(self.tokens):
            self.step()

    def step(self) -> None:
        """Read what stands here: a number, a guess, or a word that is neither."""
        token = self.tokens[self.at]
        if token.kind not in NUMERIC:
            self.at += 1
        elif token.kind == "exact":
            self._say(token.value)
            self.at += 1
        elif self._guess_of_powers() or self._guess():
            return
        elif token.kind == "vague" and not self._counts():
            self.possible[kept(token.value)] += 1
            self.at += 1
        else:
            self._number()

    def runs(self) -> Iterator[str]:
        """The digits that are read out one by one, three or more in a row: "four one one seven" is "4117"."""
        run = ""
        for token in (*self.tokens, GAP):
            is_digit = token.kind in ("simple", "vague") and _is_digit(token.value)
            if not is_digit and len(run) >= FEWEST_READ_OUT:
                yield run
            run = f"{run}{int(token.value)}" if is_digit else ""

    def _say(self, value: Decimal, *, certain: bool = True) -> None:
        plain = kept(value)
        (self.said if certain and plain != 1 else self.possible)[plain] += 1

    def _kind(self, place: int) -> str:
        return self.tokens[place].kind if 0 <= place < len(self.tokens) else ""

    def _counts(self) -> bool:
        """Whether a vague word here is a number: before a power, behind a fraction, or a दो that isn't "give"."""
        following, before = self._kind(self.at + 1), self._kind(self.at - 1)
        if following in ("power", "behind") or before == "ahead":
            return True
        if self.tokens[self.at].text not in GIVE or following != "word":
            return False
        previous = self.tokens[self.at - 1].text if before == "word" else ""
        return is_two(previous, self.tokens[self.at + 1].text, is_last=self._kind(self.at + 2) in ENDS)

    def _guess(self) -> bool:
        """Take two numbers that are a guess: दो-तीन, "two or three", "10-15". Both may be said, or neither ("a few")."""
        first = self._single(self.at)
        gap = 1 if self._kind(self.at + 1) in ("dash", "or") else 0
        second = self._single(self.at + 1 + gap)
        if first is not None and first == second and gap and self._kind(self.at + 1) == "dash":
            self.possible[kept(first)] += 1  # पाँच-पाँच: five each
            self.at += 2
            return True
        is_which = first == 1 and self._kind(self.at) == "vague"  # the first two
        if first is None or second is None or is_which or not first < second <= max(Decimal(HUNDRED), 2 * first):
            return False
        ahead = self.tokens[self.at], self.tokens[self.at + 1 + gap]
        apart = 1 if self.numerals is NUMERALS["en"] else FIRST_CENTURY  # "twelve twenty" is a time
        if LAST_CENTURY < first < second <= HUNDRED and first % 10 == second % 10 == 0:
            apart = 10  # "sixty-seventy people"
        if not gap and (any(each.digits for each in ahead) or self._joins(first, second) or second - first > apart):
            return False
        if self._kind(self.at - 1) == "ahead":
            return False
        self.at += 2 + gap
        for value in (first, second):
            self.possible[kept(value)] += 1
        while self._kind(self.at) == "power":
            power = self.tokens[self.at].value
            self.possible.update(kept(value * power) for value in (first, second))
            self.at += 1
        return True

    def _guess_of_powers(self) -> bool:
        """Take two numbers of a power that are a guess: सौ-दो सौ, "two hundred-three hundred"."""
        first, at = self._single(self.at) or Decimal(1), self.at + (self._single(self.at) is not None)
        second_at = at + 1 + (self._kind(at + 1) == "dash")
        second = self._single(second_at)
        if second is None or not first < second or {self._kind(at), self._kind(second_at + 1)} != {"power"}:
            return False
        power = self.tokens[at].value
        if self.tokens[second_at + 1].value != power or self._kind(second_at + 2) == "power":
            return False
        self.possible.update(kept(value * power) for value in (first, second))
        self.at = second_at + 2
        return True

    def _gives(self, total: Decimal) -> bool:
        """Whether a दो that ends a clause behind a power is "give": "three thousand, give"; but "two thousand two" is a year."""
        is_last = self.tokens[self.at].text in GIVE and self._kind(self.at + 1) in ENDS
        return is_last and self._kind(self.at - 1) == "power" and total != MILLENNIUM

    def _single(self, place: int) -> Decimal | None:
        return self.tokens[place].value if self._kind(place) in ("simple", "vague") else None

    def _joins(self, current: Decimal, value: Decimal) -> bool:
        """Whether two numbers in a row are one: twenty, five; a hundred, twenty; nineteen, eighty."""
        if current.adjusted() >= LONGEST_DIGITS:
            return False
        rest = current % HUNDRED
        if current >= HUNDRED and rest == 0:
            return value < HUNDRED
        if rest >= 20 and rest % 10 == 0 and value < 10 and value % 1 == 0:  # noqa: PLR2004 - tens and units
            return True
        return self.numerals.teens and ((rest in (60, 80) and 10 <= value < 20) or (rest == 4 and value == 20))  # noqa: PLR2004 - soixante-dix, quatre-vingts

    def _number(self) -> None:
        """Read one number, from here to where it ends."""
        total, current, digits, bare, power = Decimal(0), None, False, True, Decimal(0)
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind == "ahead":
                if current is not None:
                    break
                current = self._after_mark(token.value)
                bare = False
            elif token.kind in ("simple", "vague"):
                if self._gives(total):
                    break
                if current is None and (not total or self._is_rest()):
                    current = token.value
                elif current is not None and not (digits and token.digits) and self._joins(current, token.value):
                    current = self._joined(current, token.value)
                else:
                    break
                digits, bare = token.digits, False
            elif token.kind == "power":
                total, current = self._raised(total, current, token.value)
                digits, power = False, token.value
            elif token.kind == "behind" and (current is not None or total):
                current = (current or Decimal(0)) + token.value
            elif not (token.kind in ("joint", "dash") and self._goes_on(current, total)):
                break
            self.at += 1
        value = total + self._behind(power, current or Decimal(0))
        self._end(value, certain=not (bare and self.tokens[self.at - 1].text in self.numerals.bare))

    def _end(self, value: Decimal, *, certain: bool) -> None:
        """Say a number, with the decimals, years and minutes that may come behind it."""
        following, after = self._kind(self.at), self._single(self.at + 1)
        if following == "point" and _is_whole(value) and _is_digit(after):
            decimals = ""
            while _is_digit(digit := self._single(self.at + 1)):
                decimals, self.at = f"{decimals}{digit:.0f}", self.at + 1
            self.at += 1
            self._say(value + Decimal(f"0.{decimals}"))
        elif following == "hour" and after is not None and after < 60 and value <= 24:  # noqa: PLR2004 - minutes and hours
            self.at += 2
            self._say(_hours(int(value), int(after)))
        elif following == "hour" and TWELVE < value <= 2 * TWELVE:
            self.possible.update((kept(value), kept(value - TWELVE)))  # 19 heures: at seven
        elif (
            (minutes := self._single(self.at)) is not None
            and not self.tokens[self.at].digits
            and self.numerals is NUMERALS["en"]
        ):
            self._pair(value, minutes)
        else:
            self._say(value, certain=certain)

    def _pair(self, value: Decimal, other: Decimal) -> None:
        """Two English numbers in a row: a year (nineteen eighty), a time (three thirty), or only two numbers."""
        if FIRST_CENTURY <= value <= LAST_CENTURY and other >= 10:  # noqa: PLR2004 - a decade
            self.at += 1
            units = self._single(self.at)
            if units is not None and self._joins(other, units):
                other, self.at = other + units, self.at + 1
            self._say(value * HUNDRED + other)
        elif 1 <= value <= TWELVE and other >= 10 and other % 5 == 0 and other < 60:  # noqa: PLR2004 - minutes
            self.at += 1
            units = self._single(self.at)
            if units is not None and self._joins(other, units):
                other, self.at = other + units, self.at + 1
            self._say(_hours(int(value), int(other)))
        elif 1 <= value < 10 and other >= 60 and other % 10 == 0:  # noqa: PLR2004 - one seventy-five
            self.at += 1
            units = self._single(self.at)
            if units is not None and self._joins(other, units):
                other, self.at = other + units, self.at + 1
            for each in (value, other, value * HUNDRED + other):
                self.possible[kept(each)] += 1
        else:
            self._say(value)

    def _after_mark(self, more: Decimal) -> Decimal:
        """Half past three, साढ़े तीन: 3.5; सवा सौ: 125, that is 1.25 of what comes."""
        following = self._single(self.at + 1)
        if following is None:
            return 1 + more
        self.at += 1
        return following + more

    def _joined(self, current: Decimal, value: Decimal) -> Decimal:
        rest = current % HUNDRED
        return current - rest + 80 if self.numerals.teens and rest == 4 and value == 20 else current + value  # noqa: PLR2004 - quatre-vingts

    @staticmethod
    def _raised(total: Decimal, current: Decimal | None, power: Decimal) -> tuple[Decimal, Decimal | None]:
        if power == HUNDRED:
            return total, (current if current is not None else 1) * power
        if current is None and total:
            return total * power, None
        return total + (current if current is not None else 1) * power, None

    @staticmethod
    def _behind(power: Decimal, rest: Decimal) -> Decimal:
        """What stands behind a power: of lakhs and crores round tens are hundredths, as prices are told: "one lakh thirty"."""
        is_price = power in _PRICED_IN and 10 <= rest < HUNDRED and rest % 5 == 0  # noqa: PLR2004 - tens
        return rest * power / HUNDRED if is_price else rest

    def _is_rest(self) -> bool:
        """Whether a number that follows a power belongs to it: "दो लाख पचास हज़ार", but not "five thousand, two men"."""
        return self._kind(self.at - 1) in ("power", "joint", "dash")

    def _goes_on(self, current: Decimal | None, total: Decimal) -> bool:
        following = self._single(self.at + 1)
        if following is None:
            return False
        if current is None:
            return bool(total)
        return self._joins(current, following)
