"""Jobs, results and recordings for the gateway's tests."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from setu_common.contracts import (
    AsrPlan,
    AudioProfile,
    EnhancedTranscript,
    Enhancement,
    EnhancementResult,
    GlossaryEntry,
    JobRequest,
    JobState,
    KnownContext,
    PlanReason,
    PlanResult,
    Prediction,
    Problem,
    ProfileResult,
    Reason,
    Reference,
    Segment,
    StageState,
    Transcript,
    Transcription,
    TranslatedTranscript,
    Translation,
    TranslationResult,
)
from setu_gateway.pipeline.kinds import Fetched, RenderedFile, Rendering
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord, StageKey, StageRecord

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FETCH = StageKey("fetch")
PROFILE = StageKey("profile")
PLAN = StageKey("plan")
TRANSCRIBE = StageKey("transcribe")
CAPTIONS = StageKey("render")


def translate(target: str) -> StageKey:
    """The translation into a language."""
    return StageKey("translate", target)


def enhance(target: str) -> StageKey:
    """The post-editing of a translation."""
    return StageKey("enhance", target)


def render(target: str) -> StageKey:
    """The rendering of a translation."""
    return StageKey("render", target)


def reference(owner: str = "asr", number: int = 1, media_type: str = "application/json") -> Reference:
    """An object of a service's; the number tells one from another."""
    return Reference(uri=f"setu://{owner}/local/2026-01-02/{number:064x}-{number:08x}", bytes=10, media_type=media_type)


def a_job(
    *targets: str,
    source: str | None = None,
    url: str | None = None,
    state: JobState = JobState.QUEUED,
    stages: dict[StageKey, StageRecord] | None = None,
) -> JobRecord:
    """A job whose stages wait, but those given. Its media was uploaded, or is yet to be fetched from a URL."""
    given = stages or {}
    request = JobRequest(media_url=url, source_language=source, target_languages=targets)
    return JobRecord(
        id=uuid4(),
        tenant="local",
        state=state,
        version=1,
        run=1,
        request=request,
        media_name="talk.mp4",
        media=reference("gateway", 99, "video/mp4") if url is None else None,
        created_at=NOW,
        changed_at=NOW,
        read_at=NOW,
        source_language=source,
        stages=tuple(given.get(key, StageRecord(key)) for key in PIPELINE.keys(request)),
    )


def a_problem(code: str = "no-audio", *, status: int = 422, retryable: bool = False) -> Problem:
    """Why a stage failed."""
    return Problem(title="No", status=status, code=code, detail=f"It is {code}.", retryable=retryable)


def result_of(key: StageKey, language: str = "fr", *, untranslated: int = 0) -> dict[str, Any]:
    """What the stage's service gives: a recording in ``language``."""
    if key.stage == "fetch":
        result: Any = Fetched(media=reference("gateway", 98, "video/webm"), media_name="fetched.webm", host="media.example")
    elif key.stage == "profile":
        result = ProfileResult(profile=a_profile(language), audio=reference("asr", 97, "audio/wav"), model_time_s=0.1)
    elif key.stage == "plan":
        result = a_plan()
    elif key.stage == "transcribe":
        result = Transcription(
            transcript=reference("asr", 1),
            language=language,
            language_probability=0.9,
            duration_s=3.0,
            segment_count=2,
            plan=AsrPlan(),
            model_time_s=1.5,
        )
    elif key.stage == "translate":
        result = TranslationResult(
            translated=reference("translate", 2),
            source_language=language,
            target_language=key.target,
            segment_count=2,
            untranslated_count=untranslated,
            engine="llm",
            model="m",
            model_time_s=0.5,
        )
    elif key.stage == "enhance":
        result = an_enhancement(key.target, language)
    else:
        result = a_rendering(key.target or language)
    return dict(result.model_dump(mode="json"))


def a_profile(language: str = "fr") -> AudioProfile:
    """What is known of a recording's sound."""
    return AudioProfile(
        duration_s=3.0,
        track="0: pcm_s16le, mono",
        clipping_ratio=0,
        speech_ratio=0.8,
        music_ratio=0,
        language=language,
        language_probability=0.9,
    )


def a_plan(*known: KnownContext, abstained: str = "", model: str = "tiny.en") -> PlanResult:
    """How a recording is to be transcribed, and what is known beforehand."""
    plan = AsrPlan(model=model, source="default" if abstained else "predicted", expected_wer=0.12, expected_time_s=40.0)
    reason = PlanReason(feature="snr_db", value=8.0, wer_points=2.5, said="Noise of 8 dB: 2.5 points more errors")
    prediction = Prediction(plan=plan, quality="balanced", reasons=(reason,), abstained=abstained, predictor="first")
    return PlanResult(prediction=prediction, known=known)


def a_name(source: str = "राज", target: str = "Raj", kind: Literal["name", "term"] = "name") -> GlossaryEntry:
    """A name that earlier episodes taught."""
    return GlossaryEntry(source=(source,), target=target, kind=kind, provenance="learned")


def an_enhancement(target: str, language: str = "fr", *, skipped: str = "", degraded: str = "") -> EnhancementResult:
    """What became of two lines, one of which was edited; or why nobody was asked."""
    edited = 0 if skipped or degraded else 1
    return EnhancementResult(
        source_language=language,
        target_language=target,
        translated=None if skipped else reference("enhancer", 7),
        report=None if skipped else reference("enhancer", 8),
        segment_count=2,
        selected_count=1,
        edited_count=edited,
        kept_count=edited,
        skipped=skipped,
        degraded=degraded,
        model_time_s=0.2,
    )


def a_rendering(language: str) -> Rendering:
    """The subtitle files in a language."""
    files = tuple(
        RenderedFile(format=name, reference=reference("gateway", n)) for n, name in enumerate(["srt", "vtt", "json"], 3)
    )
    return Rendering(language=language, cue_count=2, files=files)


def succeeded(key: StageKey, language: str = "fr", *, untranslated: int = 0) -> StageRecord:
    """A stage that ended well."""
    return StageRecord(
        key,
        StageState.SUCCEEDED,
        operation_id=uuid4(),
        progress=1.0,
        result=result_of(key, language, untranslated=untranslated),
    )


def failed(key: StageKey, problem: Problem | None = None) -> StageRecord:
    """A stage that failed."""
    return StageRecord(key, StageState.FAILED, operation_id=uuid4(), problem=problem or a_problem())


def running(key: StageKey, operation_id: UUID | None = None) -> StageRecord:
    """A stage whose operation is under way."""
    return StageRecord(key, StageState.RUNNING, operation_id=operation_id or uuid4())


def by_key(*stages: StageRecord) -> dict[StageKey, StageRecord]:
    """Stages by their keys."""
    return {stage.key: stage for stage in stages}


def a_transcript(language: str = "fr", texts: tuple[str, ...] = ("Bonjour.", "Au revoir.")) -> Transcript:
    """What was said in a recording, two seconds a line."""
    return Transcript(
        language=language,
        language_probability=0.9,
        duration_s=10.0,
        segments=tuple(Segment(index=i, start_s=2.0 * i, end_s=2.0 * i + 1.5, text=text) for i, text in enumerate(texts)),
        engine="faster-whisper",
        model="whisper-base",
    )


def a_translation(target: str = "en", texts: tuple[str, ...] = ("Good day.", "Goodbye.")) -> TranslatedTranscript:
    """The translation of ``a_transcript``."""
    return TranslatedTranscript(
        source_language="fr",
        target_language=target,
        translations=tuple(Translation(segment_index=i, text=text, engine="llm") for i, text in enumerate(texts)),
        engine="llm",
        model="m",
    )


def an_audit(target: str = "en") -> EnhancedTranscript:
    """What became of the lines of ``a_translation``, the first of which was edited."""
    return EnhancedTranscript(
        source_language="fr",
        target_language=target,
        prompt="general@1",
        glossary_sha256="0" * 64,
        glossary=(GlossaryEntry(source=("Jour",), target="Day", kind="name", provenance="caller"),),
        lines=(
            Enhancement(
                segment_index=0,
                draft="Good day.",
                text="Hello.",
                changed=True,
                reasons=(Reason(kind="confidence", detail="0.31"),),
                offered="Hello.",
            ),
            Enhancement(segment_index=1, draft="Goodbye.", text="Goodbye.", changed=False),
        ),
    )
