"""Whether a saying of the lexicon is found however it is said: ``python -m evals.enhancer.sayings [--misses]``. It is part of no figure.

Each way to say a Hindi idiom is put into other forms by rule, by rules of grammar and of spelling that the matcher does not share. The entries are halved
by a hash: who works on the matcher reads the misses of one half only, and the other tells what that is worth elsewhere. Decoys have the words of a
saying in two sentences, or something else between: nothing is to be found in them.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Final

from evals.enhancer.measures import share
from evals.enhancer.reporting import table
from setu_enhancer.domain import lexicon
from setu_enhancer.domain.text.names import romanised

NOUNS: Final = frozenset(["हाथ", "ठिकान", "ठौर-ठिकान"])  # that stand open at the end of a saying, and are no verbs
VOWELS: Final = "आईऊएओािीुूृेैोौॉ"
VERBS: Final = frozenset(["ना", "दिया", "किया", "गया", "हुआ", "लिया", "क्या"])  # whose last letter agrees with nothing
WHOLE: Final = {
    "कर": ("करता है", "करने लगा", "करूँगी", "करो", "कीजिए", "किया", "की", "किए", "करके"),
    "जा": ("जाता है", "जाने लगा", "जाऊँगी", "जाओ", "जाइए", "गया", "गई", "गए", "जाकर"),
    "हो": ("होता है", "होने लगा", "होऊँगी", "हो", "होइए", "हुआ", "हुई", "हुए", "होकर"),
    "दे": ("देता है", "देने लगा", "दूँगी", "दो", "दीजिए", "दिया", "दी", "दिए", "देकर"),
    "ले": ("लेता है", "लेने लगा", "लूँगी", "लो", "लीजिए", "लिया", "ली", "लिए", "लेकर"),
}
PARTICLES: Final = ("तो", "ही", "भी", "नहीं", "मत")
MORE: Final = ("तो अब", "भी मेरे", "मत यार", "ही उसका", "ज़रा", "फिर से", "हमेशा", "राज ने", "आज तो")
SPELLINGS: Final = {
    "without the dot": (("\u093c", ""), ("ज़", "ज"), ("ख़", "ख"), ("फ़", "फ"), ("क़", "क"), ("ग़", "ग")),
    "with a dot for the moon": (("ँ", "ं"),),
    "without nasals": (("ँ", ""), ("ं", "")),
    "long vowels for short": (("ि", "ी"),),
    "short vowels for long": (("ी", "ि"), ("ू", "ु")),
    "with a glide": (("ाए", "ाये"), ("गई", "गयी"), ("िए", "िये")),
    "in speech": (("सिर ", "सर "), (" पर ", " पे "), ("पैर", "पाँव")),
}
DECOYS: Final = ("{0}। {1}", "{0} एक किताब और चाय वाला लड़का {1}")


@dataclass(frozen=True)
class Said:
    """A saying in some form.

    Args:
        entry: as the lexicon has it.
        how: in which form.
        text: what is said.
        half: 0 for those whose misses may be read, 1 for the others.
        found: whether it was.
    """

    entry: str
    how: str
    text: str
    half: int
    found: bool


def inflected(stem: str) -> tuple[str, ...]:
    """The forms of a Hindi verb."""
    if stem in WHOLE:
        return WHOLE[stem]
    if stem[-1] not in VOWELS:
        return tuple(f"{stem}{end}" for end in ("ता है", "ने लगा", "ूँगी", "ो", "िए", "ा", "ी", "े", "कर"))
    short = stem[:-1] + {"ी": "ि", "ू": "ु"}.get(stem[-1], stem[-1])
    done = ("या", "ई", "ए") if stem[-1] != "ू" else ("आ", "ई", "ए")
    return tuple(f"{stem}{end}" for end in ("ता है", "ने लगा", "कर")) + tuple(
        f"{short}{end}" for end in ("ऊँगी", "ओ", "इए", *done)
    )


def variants(way: str) -> Iterator[tuple[str, str]]:
    """A way to say something in other forms, each with how."""
    said = [word.removesuffix("*") for word in way.replace("-", " ").split()]
    *first, last = said
    is_verb = way.endswith("*") and last not in NOUNS
    done = inflected(last)[5] if is_verb else last
    whole = " ".join([*first, done])
    if is_verb:
        for form in inflected(last):
            yield "inflected", " ".join([*first, form])
    elif last.endswith("ा") and last not in VERBS and len(first) > 1:
        for end in ("े", "ी"):
            yield "agreeing", " ".join([*first, last[:-1] + end])
    if not first:
        return
    for number, word in enumerate((*PARTICLES, *MORE)):
        at = number % len(first) + 1
        yield "one word between" if word in PARTICLES else "more between", " ".join([*said[:at], word, *[*said[at:-1], done]])
    for how, changes in SPELLINGS.items():
        text = whole
        for before, after in changes:
            text = text.replace(before, after)
        if text != whole:
            yield how, text
    if is_verb:
        yield "verb first", " ".join([inflected(last)[3], "मत", *first])
        yield "verb first", " ".join([done, "उसने", *first])
    yield "in Latin letters", romanised(whole).lower()


def made(every: int = 1) -> Iterator[Said]:
    """The sayings of more than one word, in all their forms; of so many entries one."""
    for entry, ways in islice(_entries(), None, None, every):
        half = sha256(entry.encode()).digest()[0] % 2
        for way in ways:
            for how, text in variants(way):
                yield Said(entry, how, text, half, _is_found(entry, text))


def decoys(every: int = 1) -> Iterator[Said]:
    """Of so many entries one: texts with the words of sayings that say nothing of the kind. Where the beginning or the end is a way to say it, there is none."""
    for entry, ways in islice(_entries(), None, None, every):
        for way in ways:
            said = [word.removesuffix("*") for word in way.replace("-", " ").split()]
            whole = any(_is_found(entry, part) for part in (" ".join(said[:-1]), said[-1]))
            for form in () if whole else DECOYS:
                text = form.format(" ".join(said[:-1]), said[-1])
                yield Said(entry, "decoy", text, sha256(entry.encode()).digest()[0] % 2, _is_found(entry, text))


def _is_found(entry: str, text: str) -> bool:
    """Whether an entry is found, or one that is written in the same way at its beginning."""
    return any(idiom.source == entry for idiom in lexicon.idioms_in(text, "hi"))


def _entries() -> Iterator[tuple[str, list[str]]]:
    """Each entry that has a meaning, by the name that it is found under, with its ways of more than one word in Devanagari."""
    for ways, idiom in lexicon.entries("hi"):
        several = [way for way in ways if not way.isascii() and len(way.replace("-", " ").split()) > 1]
        if idiom.meant and several:
            yield idiom.source, several


def main() -> None:
    """Tell what is found, by form and by half."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.enhancer.sayings", description="Whether sayings are found in all forms."
    )
    parser.add_argument("--misses", action="store_true", help="list what is not found, of the half that may be read")
    told = parser.parse_args()
    found = [*made(), *decoys()]
    groups: dict[str, list[Said]] = defaultdict(list)
    for each in found:
        groups[each.how].append(each)
        if each.how != "decoy":
            groups["all"].append(each)
    rows: list[tuple[str | float | int, ...]] = []
    for how, some in groups.items():
        halves = [[each.found for each in some if each.half == half] for half in (0, 1)]
        rows.append((how, len(halves[0]), 100 * share(halves[0]), len(halves[1]), 100 * share(halves[1])))
    table(("form", "read", "% found", "unread", "% found"), rows)
    if told.misses:
        for each in found:
            if each.half == 0 and each.found is (each.how == "decoy"):
                print(f"{each.how}: {each.entry} | {each.text}")


if __name__ == "__main__":
    main()
