"""What a plan tells later stages: the names and terms that earlier work taught; and the plan itself in a few words."""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from setu_common.contracts import Context, GlossaryEntry, PlanResult, Term

MOST_TERMS: Final = 500
"""What a TranslationRequest takes."""
MOST_ENTRIES: Final = 1000


def known_terms(planned: PlanResult | None, context: Context, source: str, target: str) -> tuple[Term, ...]:
    """What a translation is to honour beside its caller's terms. Of what the caller names itself, nothing.

    Args:
        planned: the plan; None: there is none.
        context: what the caller says, and decides.
        source: the recording's language.
        target: the language that it is translated into.
    """
    decided = {_plain(term.source) for term in context.terms}
    decided |= {_plain(name) for each in context.characters for name in (each.source, each.name, *each.aliases)}
    found: dict[str, Term] = {}
    entries = (entry for entry in known_entries(planned, source, target) if entry.verdict != "vetoed")
    for term in (term for entry in entries for term in _terms_of(entry)):
        if _plain(term.source) not in decided:
            found.setdefault(_plain(term.source), term)
    return tuple(found.values())[:MOST_TERMS]


def known_entries(planned: PlanResult | None, source: str, target: str) -> tuple[GlossaryEntry, ...]:
    """What is known of the names and terms of a translation, the most certain first; and what people vetoed."""
    known = planned.known if planned is not None else ()
    pairs = [each for each in known if (each.source_language, each.target_language) == (source, target)]
    return tuple(entry for each in pairs for entry in each.entries)[:MOST_ENTRIES]


def plan_in_short(planned: PlanResult) -> str:
    """Which way was chosen, and what is expected of it."""
    prediction = planned.prediction
    plan = prediction.plan
    said = f"{plan.model}, beam {plan.beam_size}"
    if plan.expected_wer is not None:
        said += f", about {plan.expected_wer:.0%} errors"
    if plan.expected_time_s is not None:
        said += f" in {plan.expected_time_s:.0f} s"
    return f"{said} (default: {prediction.abstained})" if prediction.abstained else f"{said} ({plan.source})"


def _terms_of(entry: GlossaryEntry) -> Iterator[Term]:
    for source in entry.source:
        try:
            yield Term(source=source, target=entry.target)
        except ValidationError:  # longer than a term may be: no more than a hint, so nothing is lost but that
            continue


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
