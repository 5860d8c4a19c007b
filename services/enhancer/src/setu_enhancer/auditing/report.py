"""The audit of a text, and the sums that are told of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import fmean

from setu_common.contracts import (
    EnhancedTranscript,
    Enhancement,
    EnhancementRequest,
    EnhancementResult,
    GlossaryEntry,
    QualityScore,
    TranslatedTranscript,
    Translation,
    TriedEdit,
)
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Pair
from setu_enhancer.editing import RULES, Edited, Edits
from setu_enhancer.editing.sharing import FREE, summed, told

DIGITS = 2


def skipped(request: EnhancementRequest, why: str) -> EnhancementResult:
    """The answer where nobody is asked: lines keep their drafts."""
    lines = tuple(
        Enhancement(segment_index=line.index, source=line.source, draft=line.draft, text=line.draft, changed=False)
        for line in request.lines
    )
    return EnhancementResult(
        source_language=request.source_language,
        target_language=request.target_language,
        lines=lines,
        segment_count=len(lines),
        selected_count=0,
        edited_count=0,
        kept_count=0,
        skipped=why,
    )


def audit_of(edits: Edits, pair: Pair, names: Glossary, prompt: str, tried: Mapping[int, TriedEdit]) -> EnhancedTranscript:
    """What became of each line, by which names and which prompt, and what was tried beside it, by index."""
    return EnhancedTranscript(
        source_language=pair.source,
        target_language=pair.target,
        prompt=prompt,
        glossary_sha256=names.sha256,
        glossary=tuple(
            GlossaryEntry(
                source=entry.source,
                target=entry.target,
                accepted=entry.accepted,
                kind=entry.kind,
                provenance=entry.provenance,
                gender=entry.gender,
            )
            for entry in names.entries
        ),
        lines=tuple(_told(edited, tried.get(edited.line.index)) for edited in edits),
    )


def result_of(
    audit: EnhancedTranscript, edits: Edits, *, chosen: int, notes: Sequence[str] = (), tried_usd: Decimal | None = FREE
) -> EnhancementResult:
    """The sums over an audit, with what was tried beside it in what it cost."""
    asked = [edited for edited in edits if edited.offered]
    by_models = [edited for edited in asked if edited.provider != RULES]
    askers = Counter((edited.provider, edited.model) for edited in by_models or asked)
    provider, model = askers.most_common(1)[0][0] if askers else ("", "")
    scores = [(edited.before, edited.after if edited.changed else edited.before) for edited in edits]
    return EnhancementResult(
        source_language=audit.source_language,
        target_language=audit.target_language,
        segment_count=len(edits),
        selected_count=chosen,
        edited_count=sum(edited.offered != edited.line.draft for edited in asked),
        kept_count=sum(edited.changed for edited in edits),
        cached_count=sum(edited.cached for edited in edits),
        score_before=_mean([before for before, _ in scores]),
        score_after=_mean([after for _, after in scores]),
        cost_usd=summed([*(line.cost_usd for line in audit.lines), tried_usd]),
        provider=provider,
        model=model,
        model_time_s=edits.model_time_s,
        degraded=edits.degraded,
        notes=(*notes, *edits.notes),
    )


def edited_translation(draft: TranslatedTranscript, audit: EnhancedTranscript) -> TranslatedTranscript:
    """The draft with the edits that were kept in it: as many translations, under the same indices.

    A line's confidence is that of its engine in its draft, so an edited line has none; a term that was missed is not any more if it
    stands in the edit.
    """
    targets = {spelling: entry for entry in audit.glossary for spelling in entry.source}

    def final(translation: Translation, line: Enhancement) -> Translation:
        if not line.changed:
            return translation
        text = line.text.casefold()
        missed = tuple(
            term
            for term in translation.missed_terms
            if term not in targets
            or not any(each.casefold() in text for each in (targets[term].target, *targets[term].accepted))
        )
        return translation.model_copy(
            update={
                "text": line.text,
                "confidence": None,
                "engine": line.provider or translation.engine,
                "missed_terms": missed,
            }
        )

    translations = tuple(final(*each) for each in zip(draft.translations, audit.lines, strict=True))
    return draft.model_copy(update={"translations": translations})


def mean_of(scores: Sequence[QualityScore]) -> QualityScore:
    """The mean of scores, at least one, part by part; found by whatever any of them was found by."""
    parts = {
        name: round(fmean(getattr(each, name) for each in scores), DIGITS)
        for name in ("total", "accuracy", "fluency", "consistency", "cultural", "confidence")
    }
    methods = tuple(dict.fromkeys(method for each in scores for method in each.methods))
    return QualityScore(**parts, methods=methods)


def _told(edited: Edited, tried: TriedEdit | None) -> Enhancement:
    return Enhancement(
        segment_index=edited.line.index,
        source=edited.line.source,
        draft=edited.line.draft,
        text=edited.text,
        changed=edited.changed,
        reasons=edited.reasons,
        offered=edited.offered,
        rejected=edited.rejected,
        score_before=edited.before,
        score_after=edited.after,
        provider=edited.provider,
        model=edited.model,
        cached=edited.cached,
        cost_usd=told(edited.cost_usd),
        tried=tried,
    )


def _mean(scores: Sequence[QualityScore | None]) -> float | None:
    known = [each.total for each in scores if each is not None]
    return round(fmean(known), DIGITS) if known else None
