"""The pipeline, declared: each stage with what it needs, who does it, and what its failure means.

To add a stage, add an entry to ``PIPELINE`` behind what it needs. Nothing else branches on a stage's name.
"""

from typing import Final

from setu_common.contracts import (
    ENHANCEMENTS,
    LANGUAGE_NAMES,
    PLANS,
    PROFILES,
    SPEECH_TRANSLATIONS,
    TRANSCRIPTIONS,
    TRANSLATIONS,
    EnhancementRequest,
    EnhancementResult,
    PlanRequest,
    PlanResult,
    PredictionRequest,
    ProfileRequest,
    ProfileResult,
    SpeechTranslationRequest,
    Transcription,
    TranscriptionRequest,
    TranslationRequest,
    TranslationResult,
)
from setu_gateway.pipeline.kinds import FETCHES, RENDERINGS, Fetched, FetchRequest, Rendering, RenderingRequest
from setu_gateway.pipeline.known import known_entries, known_terms, plan_in_short
from setu_gateway.pipeline.stage import Fallback, Media, Pipeline, Results, Stage
from setu_gateway.records import DeliveredFile, JobRecord

COPY_ENGINE: Final = "copy"
"""What a translation is by where the text was in its language already."""
SURE_OF_LANGUAGE: Final = 0.5
"""The probability from which on a language that was found out is not doubted."""


def _fetch(job: JobRecord, _target: str, _results: Results) -> FetchRequest:
    if job.request.media_url is None:
        raise LookupError("a job whose media was uploaded has nothing to fetch")
    return FetchRequest(url=job.request.media_url)


def _profile(job: JobRecord, _target: str, _results: Results) -> ProfileRequest:
    if job.media is None:
        raise LookupError("a job that goes on has its media")
    return ProfileRequest(media=job.media, language=job.request.source_language)


def _plan(job: JobRecord, _target: str, results: Results) -> PlanRequest:
    asked, profiled = job.request, results.of("profile", ProfileResult)
    return PlanRequest(
        prediction=PredictionRequest(
            profile=profiled.profile,
            probe=profiled.probe,
            language=asked.source_language,
            quality=asked.quality,
            target_wer=asked.overrides.target_wer,
            deadline_s=asked.overrides.deadline_s,
            budget_usd=asked.budget_usd,
            overrides=asked.overrides.asr,
        ),
        target_languages=asked.target_languages if asked.overrides.reuse else (),  # what is known is taken from earlier jobs
        context=asked.context,
    )


def _transcription(job: JobRecord, _target: str, results: Results) -> TranscriptionRequest:
    planned = results.maybe("plan", PlanResult)
    # Where nothing was predicted, the asr service's own default is better than what others take for it: it knows its device.
    predicted = planned is not None and not planned.prediction.abstained
    return TranscriptionRequest(
        plan=planned.prediction.plan if planned is not None and predicted else None,
        media=results.of("profile", ProfileResult).audio,
        language=job.request.source_language,
        overrides=job.request.overrides.asr,
        reuse=job.request.overrides.reuse,
    )


def _translation(job: JobRecord, target: str, results: Results) -> TranslationRequest:
    transcription = results.of("transcribe", Transcription)
    return TranslationRequest(
        transcript=transcription.transcript,
        target_language=target,
        engine=job.request.overrides.translation_engine,
        terms=job.request.context.terms,
        known=known_terms(results.maybe("plan", PlanResult), job.request.context, transcription.language, target),
    )


def _speech_translation(_job: JobRecord, _target: str, results: Results) -> SpeechTranslationRequest:
    return SpeechTranslationRequest(
        media=results.of("profile", ProfileResult).audio, transcript=results.of("transcribe", Transcription).transcript
    )


def _enhancement(job: JobRecord, target: str, results: Results) -> EnhancementRequest:
    transcription = results.of("transcribe", Transcription)
    return EnhancementRequest(
        source_language=transcription.language,
        target_language=target,
        transcript=transcription.transcript,
        translated=results.of("translate", TranslationResult, target).translated,
        context=job.request.context,
        known=known_entries(results.maybe("plan", PlanResult), transcription.language, target),
        mode=job.request.overrides.enhancement or "selective",
        profile=job.request.subtitle_profile,
        reuse=job.request.overrides.reuse,
    )


def _nothing_to_enhance(job: JobRecord, target: str, results: Results) -> str:
    if job.request.overrides.enhancement == "off":
        return "not wanted: overrides.enhancement is off"
    translation = results.maybe("translate", TranslationResult, target)
    if translation is not None and translation.engine == COPY_ENGINE:
        return "not needed: the text was in this language already"
    return ""


def _not_enhanced(result: EnhancementResult) -> str:
    return result.skipped


def _captions(job: JobRecord, _target: str, results: Results) -> RenderingRequest:
    transcription = results.of("transcribe", Transcription)
    return RenderingRequest(
        transcript=transcription.transcript, language=transcription.language, profile=job.request.subtitle_profile
    )


def _subtitles(job: JobRecord, target: str, results: Results) -> RenderingRequest:
    """The edited text where there is one, else the draft."""
    enhanced = results.maybe("enhance", EnhancementResult, target)
    draft = results.of("translate", TranslationResult, target).translated
    return RenderingRequest(
        transcript=results.of("transcribe", Transcription).transcript,
        translated=(enhanced.translated if enhanced is not None else None) or draft,
        language=target,
        profile=job.request.subtitle_profile,
    )


def _media(result: Fetched) -> Media:
    return Media(result.media, result.media_name)


def _language(result: Transcription) -> str:
    return result.language


def _notes(result: Transcription) -> tuple[str, ...]:
    """What the recogniser noted, and that it hardly knew which language it heard: a language that is given has a probability of 1."""
    if result.language_probability >= SURE_OF_LANGUAGE:
        return result.notes
    doubt = (
        f"The language was taken for {LANGUAGE_NAMES.get(result.language, result.language)} ({result.language}) with a probability of only "
        f"{result.language_probability:.2f}; if it is another, submit the recording again and name it in source_language"
    )
    return (*result.notes, doubt)


def _shortcomings(result: TranslationResult) -> tuple[str, ...]:
    found = [*result.notes]
    if result.untranslated_count:
        found.append(
            f"{result.untranslated_count} of {result.segment_count} lines kept their source text, "
            "since the engine gave nothing usable for them"
        )
    if result.missed_term_count:
        found.append(f"Given terms were not honoured in {result.missed_term_count} places; the subtitles as JSON tell where")
    return tuple(found)


def _remarks(result: EnhancementResult) -> tuple[str, ...]:
    return (*([result.degraded] if result.degraded else []), *result.notes)


def _files(result: Rendering) -> tuple[DeliveredFile, ...]:
    return tuple(DeliveredFile(result.language, file.format, file.reference) for file in result.files)


PIPELINE: Final = Pipeline(
    [
        Stage("fetch", needs=(), kind=FETCHES, request=_fetch, wanted=lambda asked: asked.media_url is not None, brings=_media),
        Stage("profile", needs=("fetch",), kind=PROFILES, request=_profile),
        Stage(
            "plan",
            needs=("profile",),
            kind=PLANS,
            request=_plan,
            essential=False,
            advice="transcribed as the recogniser does by default",
            weight=0.1,
            remark=plan_in_short,
        ),
        Stage(
            "transcribe",
            needs=("profile", "plan"),
            kind=TRANSCRIPTIONS,
            request=_transcription,
            weight=10,
            caveats=_notes,
            hears=_language,
        ),
        Stage("render", needs=("transcribe",), kind=RENDERINGS, request=_captions, weight=0.2, delivers=_files),
        Stage(
            "translate",
            needs=("profile", "plan", "transcribe"),
            kind=TRANSLATIONS,
            request=_translation,
            per_target=True,
            weight=5,
            caveats=_shortcomings,
            fallback=Fallback(
                kind=SPEECH_TRANSLATIONS,
                request=_speech_translation,
                targets=frozenset({"en"}),
                remark="Translated by the speech recogniser itself, the last resort, which knows no terms and no context",
            ),
        ),
        Stage(
            "enhance",
            needs=("plan", "transcribe", "translate"),
            kind=ENHANCEMENTS,
            request=_enhancement,
            pointless=_nothing_to_enhance,
            void=_not_enhanced,
            per_target=True,
            essential=False,
            weight=2,
            caveats=_remarks,
        ),
        Stage(
            "render",
            needs=("transcribe", "translate", "enhance"),
            kind=RENDERINGS,
            request=_subtitles,
            per_target=True,
            weight=0.2,
            delivers=_files,
        ),
    ]
)
