"""What a person's corrections of a translation say of names, terms and whole lines."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from setu_common.contracts import EditedCue, GlossaryEntry, Transcript, TranslatedTranscript
from setu_common.spelling.names import ends_open, named_in, sounds
from setu_common.spelling.words import folded, words
from setu_optimizer.domain.knowledge.aligning import Passage, Replacement, passages, replacements
from setu_optimizer.domain.knowledge.belief import LEFT_ALONE, LEFT_ALONE_ONCE, WEIGHTS
from setu_optimizer.domain.knowledge.entries import Claim, joined, plain
from setu_optimizer.domain.knowledge.jobs import MOST_CLAIMS, claim_of
from setu_optimizer.domain.knowledge.naming import ENDING, Found, Texts, names_in

SEVERAL: Final = 2
"""So often something has to be put for something else to be a rule."""
LONGEST_TERM: Final = 3
LONGEST_EDIT: Final = 6
"""Words of a line that may be known again as a whole."""
EDIT_WEIGHT: Final = 2.0
"""A line may be said otherwise for once: it takes two jobs to be a rule."""
BELONGS: Final = 0.8
"""How well a part of the source has to go with what was put, by Dice's coefficient."""
_PERSON: Final = "human-correction"


def claims_of_correction(
    transcript: Transcript, delivered: TranslatedTranscript, cues: Sequence[EditedCue], glossary: Sequence[GlossaryEntry] = ()
) -> tuple[Claim, ...]:
    """What corrected subtitles say.

    Four things are taken from them: names that a person wrote or left, found by their sound in the source; entries of the glossary that
    were left, or replaced; what was put for the same words again and again, with the part of the source that goes with it; and short
    lines that were put otherwise as a whole.

    Args:
        transcript: what was said.
        delivered: its translation as it was delivered.
        cues: the subtitles as a person left them.
        glossary: what the text was edited with.
    """
    aligned = passages(transcript, delivered, cues)
    changed = [each for each in aligned if each.changed]
    if not changed:  # nobody looked, as far as one can see
        return ()
    names = names_in(Texts(aligned))
    put = [each for passage in changed for each in replacements(passage) if each.new]
    explained: set[int] = set()
    claims = [_of_name(each) for each in names]
    claims += _replaced_entries(put, glossary, explained)
    _mark_names(put, names, explained)
    claims += _rules(put, aligned, explained)
    claims += _left_alone(glossary, aligned)
    claims += _lines([each for at, each in enumerate(put) if at not in explained])
    ranked = sorted(joined(claims), key=lambda each: (-each.weight, each.source_key, each.target_key))
    return tuple(ranked[:MOST_CLAIMS])


def _of_name(found: Found) -> Claim:
    kept = LEFT_ALONE if found.count >= SEVERAL else LEFT_ALONE_ONCE
    return Claim("name", (found.source,), found.target, _PERSON, WEIGHTS[_PERSON] if found.put else kept)


def _replaced_entries(put: Sequence[Replacement], glossary: Sequence[GlossaryEntry], explained: set[int]) -> Iterator[Claim]:
    """Entries of the glossary for whose target a person put something else."""
    by_target: dict[str, list[GlossaryEntry]] = defaultdict(list)
    for entry in glossary:
        for form in (entry.target, *entry.accepted):
            by_target[plain(form)].append(entry)
    for at, each in enumerate(put):
        for entry in by_target.get(plain(" ".join(each.old)), ()):
            written_so = entry.kind == "term" or each.new[0][:1].isupper() or not each.new[0].isascii()
            if written_so and _is_said(entry, each.passage.source):
                explained.add(at)
                changed = entry.model_copy(update={"target": " ".join(each.new), "accepted": ()})
                yield claim_of(changed, _PERSON, WEIGHTS[_PERSON])


def _mark_names(put: Sequence[Replacement], names: Sequence[Found], explained: set[int]) -> None:
    """Replacements that put nothing but names are explained by them."""
    known = {plain(word) for each in names if each.put for word in words(each.target)}
    explained |= {at for at, each in enumerate(put) if all(plain(ENDING.sub("", word)) in known for word in each.new)}


def _rules(put: Sequence[Replacement], aligned: Sequence[Passage], explained: set[int]) -> Iterator[Claim]:
    """What was put for the same words in several passages, with what the source says there and hardly elsewhere."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, each in enumerate(put):
        if at not in explained and each.old and max(len(each.old), len(each.new)) <= LONGEST_TERM:
            groups[plain(" ".join(each.old)), plain(" ".join(each.new))].append(at)
    said = Counter(part for passage in aligned for part in _parts(passage.source))
    for group in groups.values():
        where = {put[at].passage.index: put[at].passage for at in group}
        if len(where) < SEVERAL:
            continue
        here = Counter(part for passage in where.values() for part in _parts(passage.source))
        fits = [(2 * count / (len(where) + said[part]), len(part), part) for part, count in here.items()]
        fit, _, part = max(fits, default=(0.0, 0, ()))
        if fit >= BELONGS:
            explained |= set(group)
            target = Counter(" ".join(put[at].new) for at in group).most_common(1)[0][0]
            yield Claim("term", (_as_said(part, next(iter(where.values()))),), target, _PERSON, WEIGHTS[_PERSON])


def _left_alone(glossary: Sequence[GlossaryEntry], aligned: Sequence[Passage]) -> Iterator[Claim]:
    """Entries of the glossary that a person who went through the text left where they are said."""
    for entry in glossary:
        count = sum(_is_said(entry, each.source) and _is_written(entry, each.edited) for each in aligned)
        if count:
            yield claim_of(entry, _PERSON, LEFT_ALONE if count >= SEVERAL else LEFT_ALONE_ONCE)


def _lines(put: Sequence[Replacement]) -> Iterator[Claim]:
    """Short lines that a person put otherwise."""
    for passage in {each.passage.index: each.passage for each in put}.values():
        if passage.edited and 0 < len(words(passage.source)) <= LONGEST_EDIT >= len(words(passage.edited)):
            yield Claim("edit", (passage.source,), passage.edited, _PERSON, EDIT_WEIGHT)


def _is_said(entry: GlossaryEntry, source: str) -> bool:
    """Whether a source has an entry: its words in a row, or a name by its sound."""
    line = f" {plain(source)} "
    if any(f" {plain(each)} " in line for each in entry.source if plain(each)):
        return True
    if entry.kind != "name":
        return False
    wanted = {(sound, ends_open(each)) for each in entry.source for sound in sounds(each)}
    return any((sound, ends_open(word)) in wanted for word in words(source) for sound in sounds(word))


def _is_written(entry: GlossaryEntry, text: str) -> bool:
    if entry.kind == "name":
        return named_in((entry.target,), text)
    return f" {plain(entry.target)}" in f" {plain(text)}"


def _parts(text: str) -> frozenset[tuple[str, ...]]:
    said = [folded(word) for word in words(text)]
    return frozenset(
        tuple(said[start : start + size]) for size in range(1, LONGEST_TERM + 1) for start in range(len(said) - size + 1)
    )


def _as_said(part: Sequence[str], passage: Passage) -> str:
    """A part of a source as it stands there."""
    said = words(passage.source)
    starts = (at for at in range(len(said)) if [folded(word) for word in said[at : at + len(part)]] == list(part))
    start = next(starts)
    return " ".join(said[start : start + len(part)])
