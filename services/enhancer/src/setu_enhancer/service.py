"""Editing a translation, from what lies in the store or comes with the request to what is delivered and its audit."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

import structlog

from setu_common.contracts import (
    Context,
    EnhancedTranscript,
    EnhancementMode,
    EnhancementRequest,
    EnhancementResult,
    QualityReport,
    QualityRequest,
    QualityScore,
    Reason,
    TriedEdit,
)
from setu_common.errors import SetuError
from setu_common.llm import Spent, spending
from setu_common.operations import Work
from setu_common.store import Store
from setu_common.subtitles.profile import profile_named
from setu_enhancer.auditing.page import page_of
from setu_enhancer.auditing.report import audit_of, edited_translation, mean_of, result_of, skipped
from setu_enhancer.casting import Casting
from setu_enhancer.corpus import corpus_scores
from setu_enhancer.domain.glossary import Glossary, glossary, learned_of
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import Prompts
from setu_enhancer.domain.scoring import Judgement, score
from setu_enhancer.domain.selection import select
from setu_enhancer.domain.text.measures import limit_of
from setu_enhancer.domain.thresholds import Thresholds
from setu_enhancer.editing import Editor, Edits, Priced, Progress
from setu_enhancer.editing.sharing import FREE, note_of_unknown, spent_usd, summed, told
from setu_enhancer.fluency import Fluency, size_bytes
from setu_enhancer.judging import Judge, Pairs, note_of_lost
from setu_enhancer.loading import Text, lines_of, text_of
from setu_enhancer.memory import Memory, NoMemory
from setu_enhancer.reading import Read, Reader
from setu_enhancer.trials import SharedMemory, ShownAgain, Trial

HTML: Final = "text/html; charset=utf-8"
NAMED_SHARE: Final = 0.01
KNOWN_SHARE: Final = 0.05
"""How much of the work is done when names are known and lines are chosen."""
EDITED_SHARE: Final = 0.98
PROBABLE_LINES: Final = 20
"""Of more lines at once no probabilities are told: a model on a processor takes long for each."""

log = structlog.get_logger()

Chosen = Mapping[int, tuple[Reason, ...]]
MakeEditor = Callable[[Memory], Editor]
MakeMemory = Callable[[Work], Memory]


@dataclass(frozen=True)
class Desk:
    """What lines are edited with.

    Args:
        editor: makes one that has a memory.
        memory: a tenant's, for the time of an operation.
        prompts: what models are told.
        thresholds: which lines are worth a call.
        casting: who plays in what.
        price: what requests cost.
        judge: asked for opinions; None: nobody.
        reader: reads names in texts; None: nobody.
        fluency: has probabilities of texts; None: nobody.
        trial: what is tried beside this on a share of the scenes; None: nothing.
        mode: which lines are asked about, whatever a request says; None: as it says.
        nobody: why there is no language model to ask; empty: there is one.
    """

    editor: MakeEditor
    memory: MakeMemory
    prompts: Prompts
    thresholds: Thresholds
    casting: Casting
    price: Priced
    judge: Judge | None = None
    reader: Reader | None = None
    fluency: Fluency | None = None
    trial: Trial | None = None
    mode: EnhancementMode | None = None
    nobody: str = ""


@dataclass(frozen=True)
class _Tried:
    """What was tried, by index, what is to be told of it, and what all of it cost; None: one of the requests has no price."""

    by_index: Mapping[int, TriedEdit] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cost_usd: Decimal | None = FREE


class EnhancementService:
    """Does what an EnhancementRequest or a QualityRequest asks.

    Args:
        store: has transcripts and translations, takes what is made of them.
        desk: what lines are edited with.
    """

    def __init__(self, store: Store, desk: Desk) -> None:
        self._store = store
        self._desk = desk

    async def enhance(self, request: EnhancementRequest, work: Work) -> EnhancementResult:
        """The handler of the kind ``enhancements``. N lines in, N lines out, same indices, same times.

        That nobody can be asked, or that there is no money to, is no error: lines keep their drafts, but for names that rules put right,
        and the answer says why.

        Raises:
            ObjectMissing, LinesDiffer: see ``text_of``.
        """
        mode = self._desk.mode or request.mode
        if mode == "off":
            return _skipped(request, "not wanted: the mode is off")
        text = await text_of(request, self._store)
        pair = Pair(request.source_language, request.target_language)
        work.progress(0.0, "looking up names")
        memory = SharedMemory(self._desk.memory(work) if request.reuse else NoMemory())
        cast, notes = await self._cast(request.context)
        with spending() as spent:
            work.progress(NAMED_SHARE, "reading names")
            read = await self._read(request, text.lines, pair, cast, memory=memory, work=work)
            names = await work.in_thread(
                glossary, request.context, text.lines, pair, cast, learned=learned_of(request.known), readings=read.readings
            )
            limits = profile_named(request.profile).limits(pair.target)
            speed = request.characters_per_s or (limits.characters_per_s if limits else limit_of(pair.target))
            thresholds = replace(self._desk.thresholds, characters_per_s=speed)
            chosen = await work.in_thread(select, text.lines, pair, names, thresholds, mode)
            work.progress(KNOWN_SHARE, f"0 of {len(chosen)} lines")

            def progress(done: float) -> None:
                share = KNOWN_SHARE + (EDITED_SHARE - KNOWN_SHARE) * done
                work.progress(share, f"{round(done * len(chosen))} of {len(chosen)} lines")

            async def edit(editor: Editor, chosen: Chosen, progress: Progress | None = None) -> Edits:
                return await editor.edit(
                    text.lines, chosen, pair, names, request.context, characters_per_s=speed, progress=progress
                )

            edits = await edit(self._desk.editor(memory), chosen, progress)
            tried = await self._tried(edit, text.lines, chosen, edits, pair, memory=memory, work=work)
            edits = edits.costing(read.costs_usd)
        notes = (*notes, *filter(None, (read.why, *tried.notes, note_of_unknown(spent, self._desk.price))))
        if self._desk.nobody:
            if not any(each.changed for each in edits):
                return _skipped(request, f"not possible: {self._desk.nobody}")
            edits = replace(edits, degraded="")
            notes = (*notes, f"Only names were put right, by rule: {self._desk.nobody}")
        audit = audit_of(edits, pair, names, self._desk.prompts.for_pair(pair).stamp, tried.by_index)
        result = result_of(audit, edits, chosen=len(chosen), notes=notes, tried_usd=tried.cost_usd)
        return await self._kept(result, audit, text, work)

    async def scores(self, request: QualityRequest, work: Work) -> QualityReport:
        """The handler of the kind ``quality-scores``. References are for BLEU and chrF alone; the scorer does not see them."""
        lines = lines_of(request)
        pair = Pair(request.source_language, request.target_language)
        cast, notes = await self._cast(request.context)
        names = await work.in_thread(glossary, request.context, lines, pair, cast)
        judgements: Sequence[Judgement | None] = [None] * len(lines)
        with spending() as spent:
            why_not_judged = ""
            if request.judge:
                judgements, why_not_judged = await self._judged(lines, pair, names)
        logprobs, why = await self._probable(lines, pair)
        notes = (*notes, *filter(None, (why_not_judged, note_of_unknown(spent, self._desk.price), why)))
        scored = await work.in_thread(_scored, lines, judgements, logprobs, pair, names)
        references = [(line.text, line.reference) for line in request.lines]
        corpus = await work.in_thread(corpus_scores, references, pair.target)
        asked = Counter((each.provider, each.model) for each in spent).most_common(1)
        provider, model = asked[0][0] if asked else ("", "")
        return QualityReport(
            scores=scored,
            mean=mean_of(scored),
            bleu=corpus.bleu,
            chrf=corpus.chrf,
            cost_usd=told(spent_usd(spent, self._desk.price)),
            provider=provider,
            model=model,
            notes=notes,
        )

    async def _cast(self, context: Context) -> tuple[Sequence[str], tuple[str, ...]]:
        """The characters as The Movie Database has them, and what is to be told if it doesn't."""
        cast, why = await self._desk.casting.of(context)
        return cast, (why,) if why else ()

    async def _read(
        self,
        request: EnhancementRequest,
        lines: Sequence[Line],
        pair: Pair,
        cast: Sequence[str],
        *,
        memory: Memory,
        work: Work,
    ) -> Read:
        """The names that a language model reads in a text."""
        if self._desk.reader is None:
            return Read()
        told = (*(character.name for character in request.context.characters), *cast)
        known = (*told, *(entry.target for entry in request.known if entry.kind == "name" and entry.verdict != "vetoed"))

        def progress(done: float) -> None:
            work.progress(NAMED_SHARE + (KNOWN_SHARE - NAMED_SHARE) * done, "reading names")

        return await self._desk.reader.read(lines, pair, tuple(dict.fromkeys(known)), memory, progress)

    async def _tried(
        self,
        edit: Callable[[Editor, Chosen], Awaitable[Edits]],
        lines: Sequence[Line],
        chosen: Chosen,
        usual: Edits,
        pair: Pair,
        *,
        memory: SharedMemory,
        work: Work,
    ) -> "_Tried":
        """What another model or prompt made of some of the lines. Nothing of it is delivered."""
        trial = self._desk.trial
        if trial is None or not trial.is_of(pair, self._desk.prompts):
            return _Tried()
        drawn = trial.drawn(lines, chosen, usual)
        if not drawn.chosen:
            return _Tried()
        name, count, stamp = trial.asked[0], len(drawn.chosen), trial.prompts.for_pair(pair).stamp
        work.progress(EDITED_SHARE, f"trying {name} on {count} lines as well")
        edits = await edit(trial.editor(ShownAgain(memory)), drawn.chosen)
        tried = trial.told(edits, drawn, pair)
        notes = [
            f"On {len(tried)} of {count} lines {name} was tried as well, with the prompt {stamp}; nothing of it is delivered."
        ]
        notes += [f"In the trial: {each}" for each in (edits.degraded, *edits.notes) if each]
        return _Tried(tried, tuple(notes), summed(each.cost_usd for each in edits))

    async def _judged(self, lines: Sequence[Line], pair: Pair, names: Glossary) -> tuple[Sequence[Judgement | None], str]:
        if self._desk.judge is None:
            return [None] * len(lines), f"Scored without a judge: {self._desk.nobody or 'no language model judges'}"
        whys: dict[int, str] = {}

        def billed(pairs: Pairs, spent: Sequence[Spent], why: str = "") -> None:  # noqa: ARG001  see Billed
            whys.update((line.index, why) for line, _ in pairs)

        try:
            found = await self._desk.judge.judge_billed([(line, line.draft) for line in lines], pair, names, billed)
        except SetuError as error:
            return [None] * len(lines), f"Scored without a judge: {error.detail}"
        lost = [whys.get(line.index, "") for line, judgement in zip(lines, found, strict=True) if judgement is None]
        return found, note_of_lost(lost, len(lines))

    async def _probable(self, lines: Sequence[Line], pair: Pair) -> tuple[Sequence[float | None], str]:
        if self._desk.fluency is None:
            return [None] * len(lines), ""
        if len(lines) > PROBABLE_LINES:
            return [None] * len(lines), f"Scored without probabilities, which are told of {PROBABLE_LINES} lines at most."
        longest = self._desk.fluency.longest_bytes
        too_long = sum(size_bytes(line.draft) > longest for line in lines)
        why = f"{too_long} of {len(lines)} lines were scored without probabilities, which are told of texts of {longest} bytes at most."
        try:
            return await self._desk.fluency.mean_logprobs([line.draft for line in lines], pair.target), why if too_long else ""
        except SetuError as error:
            return [None] * len(lines), f"Scored without probabilities: {error.detail}"

    async def _kept(self, result: EnhancementResult, audit: EnhancedTranscript, text: Text, work: Work) -> EnhancementResult:
        """The result, with what was made put into the store."""
        report = await self._store.put_model(work.tenant, audit)
        update: dict[str, object] = {"report": report}
        if text.draft is None:
            update["lines"] = audit.lines
        else:
            page = await work.in_thread(page_of, audit, text.lines)
            update["page"] = await self._store.put(work.tenant, page.encode(), HTML)
            update["translated"] = await self._store.put_model(work.tenant, edited_translation(text.draft, audit))
        log.info(
            "enhancement.made",
            source_language=result.source_language,
            target_language=result.target_language,
            lines=result.segment_count,
            selected=result.selected_count,
            edited=result.edited_count,
            kept=result.kept_count,
            cached=result.cached_count,
            cost_usd=str(result.cost_usd),
            degraded=bool(result.degraded),
            model_time_s=round(result.model_time_s, 3),
        )
        return result.model_copy(update=update)


def _scored(
    lines: Sequence[Line], judgements: Sequence[Judgement | None], logprobs: Sequence[float | None], pair: Pair, names: Glossary
) -> tuple[QualityScore, ...]:
    """The scores of lines' drafts, each beside the lines around it."""
    return tuple(
        score(
            line,
            line.draft,
            pair,
            names,
            judgement=judgement,
            mean_logprob=logprob,
            neighbours=[other.draft for other in lines[max(0, line.index - 1) : line.index + 2] if other is not line],
        )
        for line, judgement, logprob in zip(lines, judgements, logprobs, strict=True)
    )


def _skipped(request: EnhancementRequest, why: str) -> EnhancementResult:
    log.info("enhancement.skipped", reason=why)
    return skipped(request, why)
