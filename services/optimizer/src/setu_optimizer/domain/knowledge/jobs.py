"""What a finished job says of names and terms: its caller, The Movie Database, and what a machine made of the text by itself."""

from collections.abc import Iterator, Sequence
from typing import Final

from setu_common.contracts import Character, Context, EnhancedTranscript, GlossaryEntry, ObservationRequest
from setu_common.contracts.knowledge import Provenance
from setu_common.spelling.words import unaccented
from setu_optimizer.domain.knowledge.belief import WEIGHTS
from setu_optimizer.domain.knowledge.entries import Claim, Gender, joined, plain

MOST_CLAIMS: Final = 500
"""Of one job, for one pair of languages; those that count more first."""
_FROM: Final[dict[str, Provenance]] = {"caller": "caller", "tmdb": "tmdb", "model": "machine", "text": "machine"}
_GENDERS: Final[dict[str, Gender]] = {"female": "female", "male": "male"}


def claims_of_job(request: ObservationRequest, audits: Sequence[EnhancedTranscript]) -> dict[str, tuple[Claim, ...]]:
    """What a job says, by target language.

    What was learned before and given to the job is no evidence: it would believe itself.

    Args:
        request: the job, with what its caller knew.
        audits: what its texts were edited with, one for each language at most.
    """
    by_language = {audit.target_language: audit for audit in audits}
    targets = [each.language for each in request.delivered if each.language != request.source_language]
    found = {}
    for target in dict.fromkeys(targets):
        audit = by_language.get(target)
        claims = [*_of_context(request.context, audit, alone=len(set(targets)) == 1), *(_of_audit(audit) if audit else ())]
        ranked = sorted(joined(claims), key=lambda each: (-each.weight, each.source_key, each.target_key))
        found[target] = tuple(ranked[:MOST_CLAIMS])
    return found


def _of_context(context: Context, audit: EnhancedTranscript | None, *, alone: bool) -> Iterator[Claim]:
    """What the caller knew. Its terms are not said to be of one language: of several, they are of those that have them."""
    for character in context.characters:
        yield _of_character(character)
    for term in context.terms:
        if alone or (audit is not None and _is_had(term.source, term.target, audit)):
            yield Claim("term", (term.source,), term.target, "caller", WEIGHTS["caller"])


def _of_character(character: Character) -> Claim:
    sources = tuple(each for each in (character.source, character.name, *character.aliases) if each)
    return Claim("name", sources, character.name, "caller", WEIGHTS["caller"], character.aliases, character.gender)


def _of_audit(audit: EnhancedTranscript) -> Iterator[Claim]:
    for entry in audit.glossary:
        provenance = _FROM.get(entry.provenance)
        if provenance is not None:
            yield claim_of(entry, provenance, WEIGHTS[provenance])


def claim_of(entry: GlossaryEntry, provenance: Provenance, weight: float) -> Claim:
    """An entry of a glossary, as somebody's word."""
    gender = _GENDERS.get(entry.gender or "")
    return Claim(entry.kind, entry.source, entry.target, provenance, weight, entry.accepted, gender)


def _is_had(source: str, target: str, audit: EnhancedTranscript) -> bool:
    """Whether some line of a text has a term on both sides."""
    said, becomes = plain(source), unaccented(target)
    return any(f" {said} " in f" {plain(line.source)} " and becomes in unaccented(line.text) for line in audit.lines)
