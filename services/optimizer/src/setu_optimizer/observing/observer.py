"""The kinds ``observations`` and ``corrections``: what came of a job, and what people say of it."""

from collections.abc import Sequence

import structlog

from setu_common.contracts import (
    Corrected,
    CorrectionRequest,
    EditedSubtitles,
    EnhancedTranscript,
    Forecast,
    ObservationRequest,
    Observed,
    Transcript,
    TranslatedTranscript,
)
from setu_common.db import Database
from setu_common.operations import Work
from setu_common.store import Store
from setu_optimizer.domain.observing.correcting import Correction, corrected
from setu_optimizer.domain.observing.estimating import Estimator
from setu_optimizer.domain.observing.labels import label_of, work_of
from setu_optimizer.domain.observing.signals import signals_of
from setu_optimizer.domain.observing.tokens import tokens
from setu_optimizer.domain.prediction.plans import candidate_of
from setu_optimizer.domain.saving import edited_of
from setu_optimizer.errors import CorrectionFitsNothing, NothingCorrected
from setu_optimizer.knowledge import Knowledge, turns
from setu_optimizer.observing import repository
from setu_optimizer.observing.metrics import LearningMetrics
from setu_optimizer.observing.repository import Observation
from setu_optimizer.observing.second import SecondHearings
from setu_optimizer.observing.spending import keep_edits
from setu_optimizer.observing.watch import DriftWatch

log = structlog.get_logger()


class Observer:
    """Learns from jobs that are over. Whatever is delivered twice is learned once.

    Args:
        database: the optimizer's.
        store: has transcripts, audits and corrections.
        knowledge: learns names and terms.
        estimator: says what a recogniser's confidence speaks for; None: nothing is estimated.
        metrics: told how far predictions were off.
        watch: looks at drift from time to time; None: nobody does.
        second: draws jobs of which another way hears a minute; None: none is drawn.
    """

    def __init__(
        self,
        *,
        database: Database,
        store: Store,
        knowledge: Knowledge,
        estimator: Estimator | None,
        metrics: LearningMetrics,
        watch: DriftWatch | None = None,
        second: SecondHearings | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._knowledge = knowledge
        self._estimator = estimator
        self._metrics = metrics
        self._watch = watch
        self._second = second

    async def observe(self, request: ObservationRequest, work: Work) -> Observed:
        """The handler of ``observations``.

        Raises:
            ObjectMissing: the transcript is not in the store.
        """
        transcript = await self._store.load(request.transcript, Transcript)
        seen, notes = self._observation(request, transcript)
        audits = await self._audits(request)
        edits = [(audit.target_language, each) for audit in audits for each in edited_of(audit.lines)]
        async with self._database.transaction() as connection:
            await repository.alone(connection, work.tenant, seen.recording)
            await keep_edits(connection, work.tenant, request.job_id, edits)
            known = None if seen.stood_in else await repository.known_wer(connection, work.tenant, request.job_id)
            label = label_of(known, seen.estimated_wer)
            observation_id, is_new = await repository.keep(connection, work.tenant, seen, label)
        work.progress(0.5, "observed")
        learned = await self._knowledge.learn_from_job(work.tenant, request, audits)
        if is_new:
            self._metrics.observed(label.basis)
            if seen.model_time_s and seen.expected_time_s:
                self._metrics.took(seen.model_time_s, seen.expected_time_s)
            if label.wer is not None and label.basis is not None and seen.expected_wer is not None:
                self._metrics.erred(label.wer, seen.expected_wer, label.basis)
        if self._watch is not None:
            await self._watch.sometimes()
        if self._second is not None:
            await self._second.draw(request, work.tenant)
        return Observed(
            observation_id=observation_id, wer=label.wer, wer_basis=label.basis, learned_count=learned, notes=tuple(notes)
        )

    async def correct(self, request: CorrectionRequest, work: Work) -> Corrected:
        """The handler of ``corrections``: of the spoken language they tell errors, of another one names, terms and edits.

        Raises:
            ObjectMissing: something that the request names is not in the store.
            NothingCorrected: there are no words in the subtitles.
            CorrectionFitsNothing: they have nothing to do with the recording.
        """
        transcript = await self._store.load(request.transcript, Transcript)
        edited = await self._store.load(request.edited, EditedSubtitles)
        if not any(tokens(cue.text, request.language) for cue in edited.cues):
            raise NothingCorrected("There are no words in these subtitles. Send them as they should have been.")
        found = await work.in_thread(corrected, transcript, edited.cues)
        if transcript.segments and not found.fitting:
            raise CorrectionFitsNothing(
                "None of these subtitles is at a time at which something was said. Are they another recording's, or moved?"
            )
        if request.language == request.source_language:
            return await self._correct_source(request, work.tenant, found)
        return await self._correct_target(request, work, transcript, edited)

    def _observation(self, request: ObservationRequest, transcript: Transcript) -> tuple[Observation, list[str]]:
        notes = []
        signals = signals_of(transcript)
        candidate = candidate_of(request.plan)
        estimated = None
        if request.stand_in is not None:
            notes.append(f"{request.stand_in} stood in for a part of it or all, so that neither errors nor time are the plan's")
        elif self._estimator is not None and self._estimator.knows(request.plan.engine, request.source_language):
            estimated = self._estimator.estimate(signals)
        if estimated is None and request.stand_in is None:
            notes.append("nobody can tell from the recogniser's confidence how many errors there are")
        forecast = _forecast_of(request, candidate)
        if request.cached:
            notes.append("the transcript was taken again from earlier work, so its time says nothing")
        seen = Observation(
            source="job",
            recording=str(request.job_id),
            job_id=request.job_id,
            work=work_of(request.context, request.audio.sha256 if request.audio is not None else str(request.job_id)),
            language=request.source_language,
            profile=request.profile,
            probe=request.probe,
            plan=request.plan,
            candidate=candidate,
            prediction=request.prediction,
            duration_s=request.profile.duration_s,
            model_time_s=None if request.cached or request.stand_in is not None else request.model_time_s,
            expected_wer=forecast.expected_wer if forecast is not None else None,
            expected_time_s=forecast.expected_time_s if forecast is not None else None,
            signals=signals,
            estimated_wer=estimated,
            sound=request.audio.sha256 if request.audio is not None else "",
            stood_in=request.stand_in is not None,
        )
        return seen, notes

    async def _audits(self, request: ObservationRequest) -> Sequence[EnhancedTranscript]:
        reports = [each.report for each in request.delivered if each.report is not None]
        return [await self._store.load(report, EnhancedTranscript) for report in reports]

    async def _correct_source(self, request: CorrectionRequest, tenant: str, found: Correction) -> Corrected:
        """The job's error rate is known from now on, if people have looked at all of it."""
        wer, why_not = found.errors.rate, _why_not(found)
        if not why_not and wer is not None:
            async with self._database.transaction() as connection:
                await repository.alone(connection, tenant, str(request.job_id))
                if await turns.is_last(connection, tenant, request.job_id, request.language, request.accepted_at):
                    await repository.keep_correction(connection, tenant, request.job_id, found, wer)
                    estimated = await repository.estimated_wer(connection, tenant, request.job_id)
                    await repository.relabel(connection, tenant, request.job_id, label_of(wer, estimated))
                else:
                    why_not = turns.LATE
        log.info("correction.counted", wer=wer, learned=not why_not, covered_ratio=round(found.covered_ratio, 3))
        return Corrected(
            job_id=request.job_id,
            language=request.language,
            segment_count=found.segment_count,
            changed_count=found.changed_count,
            wer=wer,
            notes=(why_not,) if why_not else (),
        )

    async def _correct_target(
        self, request: CorrectionRequest, work: Work, transcript: Transcript, edited: EditedSubtitles
    ) -> Corrected:
        if request.delivered is None:
            raise CorrectionFitsNothing(f"Nothing was delivered in {request.language!r} that could be corrected.")
        delivered = await self._store.load(request.delivered.translated, TranslatedTranscript)
        report = request.delivered.report
        glossary = () if report is None else (await self._store.load(report, EnhancedTranscript)).glossary
        learned = await self._knowledge.learn_from_correction(
            work.tenant, request, transcript, delivered=delivered, edited=edited, glossary=glossary
        )
        texts = {each.segment_index: each.text for each in delivered.translations}
        translated = tuple(each.model_copy(update={"text": texts.get(each.index, "")}) for each in transcript.segments)
        said = transcript.model_copy(update={"segments": translated, "language": request.language})
        beside = await work.in_thread(corrected, said, edited.cues)
        return Corrected(
            job_id=request.job_id,
            language=request.language,
            segment_count=beside.segment_count,
            changed_count=beside.changed_count,
            learned=learned or (),
            notes=(turns.LATE,) if learned is None else (),
        )


def _forecast_of(request: ObservationRequest, candidate: object) -> Forecast | None:
    """What had been expected of the way that was gone."""
    forecasts = request.prediction.forecasts if request.prediction is not None else ()
    return next((each for each in forecasts if each.candidate == candidate), None)


def _why_not(found: Correction) -> str:
    """Why a correction does not tell the error rate of its recording; empty if it does."""
    if found.foreign:
        return "hardly a word is the same as what was heard, so that these are rather another recording's: nothing is learned"
    if not found.whole:
        share = round(100 * found.covered_ratio)
        return f"subtitles came back for {share} % of what was said: the error rate is of that part, and the recording's stays estimated"
    if not found.changed_count:
        return "no word was changed, which does not say that somebody looked: the error rate stays estimated"
    return ""
