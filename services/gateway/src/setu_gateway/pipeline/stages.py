"""The pipeline, declared: each stage with what it needs, who does it, and what its failure means.

To add a stage, add an entry to ``PIPELINE`` behind what it needs. Nothing else branches on a stage's name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from setu_common.contracts import (
    ENHANCEMENTS,
    LANGUAGE_NAMES,
    PROFILES,
    SPEECH_TRANSLATIONS,
    TRANSCRIPTIONS,
    TRANSLATIONS,
    EnhancementRequest,
    EnhancementResult,
    JobRequest,
    OperationKind,
    ProfileRequest,
    ProfileResult,
    Reference,
    SpeechTranslationRequest,
    Transcription,
    TranscriptionRequest,
    TranslationRequest,
    TranslationResult,
)
from setu_gateway.pipeline.kinds import FETCHES, RENDERINGS, Fetched, FetchRequest, Rendering, RenderingRequest
from setu_gateway.records import DeliveredFile, JobRecord, StageKey, StageRecord

ModelT = TypeVar("ModelT", bound=BaseModel)

COPY_ENGINE: Final = "copy"
"""What a translation is by where the text was in its language already."""
SURE_OF_LANGUAGE: Final = 0.5
"""The probability from which on a language that was found out is not doubted."""


class Results:
    """The results of the stages that ended well, for building the requests of those that need them."""

    def __init__(self, results: Mapping[StageKey, BaseModel]) -> None:
        self._results = results

    def of(self, stage: str, model: type[ModelT], target: str = "") -> ModelT:
        """The result of a stage that must have succeeded."""
        result = self.maybe(stage, model, target)
        if result is None:
            raise LookupError(f"stage {stage!r} has no result for target {target!r}")
        return result

    def maybe(self, stage: str, model: type[ModelT], target: str = "") -> ModelT | None:
        """The result of a stage that one can do without."""
        result = self._results.get(StageKey(stage, target))
        if result is not None and not isinstance(result, model):
            raise TypeError(f"stage {stage!r} gives {type(result).__name__}, not {model.__name__}")
        return result


class Media(NamedTuple):
    """A recording, and what it is called."""

    reference: Reference
    name: str


# Any, in kinds and in the functions of their results: a list of stages mixes models; each entry's fit by construction.
Request = Callable[[JobRecord, str, Results], BaseModel]


@dataclass(frozen=True)
class Fallback:
    """Another way to a stage's result, gone where the first has failed for good.

    Args:
        kind: the operation that does it; its result is that of the stage's own kind.
        request: as the stage's.
        targets: the languages that it can do.
        remark: what a caller is told of a result that came this way; the reason is added to it.
    """

    kind: OperationKind[Any, Any]
    request: Request
    targets: frozenset[str]
    remark: str


@dataclass(frozen=True)
class Stage:
    """A stage of the pipeline.

    Args:
        name: what callers see.
        needs: the names of the stages whose results it takes. A stage for a target takes those of its own target, or of a
            stage that runs once; a stage that runs once takes all of that name.
        kind: the operation that does it; ``kind.service`` names the port that it is submitted to.
        request: builds the operation's request, a pure function of the job, the target and the results of what it needs.
        wanted: whether a job has this stage, by what is asked for; None: every job has it.
        pointless: why a stage that could run is of no use to a job, by the results of what it needs; empty if it is of use.
        void: why a result that came has nothing in it, so that the stage counts as skipped; empty if it has.
        per_target: runs once for each target language, else once.
        essential: what needs it is impossible without it; False: goes on without.
        weight: its share of a job's time, relative to the others', for the progress bar alone.
        delivers: the files that its result offers to the caller.
        caveats: what is less than asked in a result that is good otherwise.
        hears: the recording's language, if its result tells that.
        brings: the recording, if that is its result.
        fallback: what does it where ``kind`` can't.

    Raises:
        ValueError: if the fallback gives another result.
    """

    name: str
    needs: tuple[str, ...]
    kind: OperationKind[Any, Any]
    request: Request
    wanted: Callable[[JobRequest], bool] | None = None
    pointless: Callable[[JobRecord, str, Results], str] | None = None
    void: Callable[[Any], str] | None = None
    per_target: bool = False
    essential: bool = True
    weight: float = 1.0
    delivers: Callable[[Any], tuple[DeliveredFile, ...]] | None = None
    caveats: Callable[[Any], tuple[str, ...]] | None = None
    hears: Callable[[Any], str] | None = None
    brings: Callable[[Any], Media] | None = None
    fallback: Fallback | None = None

    def __post_init__(self) -> None:
        if self.fallback is not None and self.fallback.kind.result is not self.kind.result:
            raise ValueError(f"the fallback of stage {self.name!r} gives another result")

    def way(self, record: StageRecord) -> "Stage | Fallback":
        """What does the work now: the stage's own kind, or its fallback's once that has failed."""
        return self.fallback if record.detour is not None and self.fallback is not None else self

    def services(self, target: str) -> tuple[str, ...]:
        """Where operations that do it for a target may lie."""
        if self.fallback is None or target not in self.fallback.targets:
            return (self.kind.service,)
        return tuple(dict.fromkeys((self.kind.service, self.fallback.kind.service)))


class Pipeline:
    """Stages in an order in which each comes behind what it needs.

    Args:
        stages: the entries.

    Raises:
        ValueError: if a stage needs one that does not come before it.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        known: set[str] = set()
        for stage in self.stages:
            if missing := set(stage.needs) - known:
                raise ValueError(f"stage {stage.name!r} needs {sorted(missing)}, which must come before it")
            known.add(stage.name)

    def keys(self, request: JobRequest) -> Iterator[StageKey]:
        """All stages of a job that asks for this, in order."""
        for stage in self.stages:
            if stage.wanted is None or stage.wanted(request):
                for target in request.target_languages if stage.per_target else ("",):
                    yield StageKey(stage.name, target)

    def stage(self, key: StageKey) -> Stage:
        """The entry that a stage of a job belongs to.

        Raises:
            LookupError: if there is none, as for a job of a later release.
        """
        for stage in self.stages:
            if stage.name == key.stage and stage.per_target == bool(key.target):
                return stage
        raise LookupError(f"the pipeline has no stage {key}")

    def needs(self, key: StageKey, keys: Sequence[StageKey]) -> tuple[StageKey, ...]:
        """Which of a job's stages one of them needs."""
        names = self.stage(key).needs
        if not key.target:
            return tuple(other for other in keys if other.stage in names)
        return tuple(other for other in keys if other.stage in names and other.target in ("", key.target))

    def way_to(self, target: str, keys: Sequence[StageKey]) -> tuple[StageKey, ...]:
        """The stages of a job that a delivery for ``target`` goes through; an empty target means the source captions."""
        way: set[StageKey] = set()
        ahead = [key for key in keys if key.target == target and self.stage(key).delivers]
        while ahead:
            key = ahead.pop()
            way.add(key)
            ahead.extend(self.needs(key, keys))
        return tuple(key for key in keys if key in way)


def _fetch(job: JobRecord, _target: str, _results: Results) -> FetchRequest:
    if job.request.media_url is None:
        raise LookupError("a job whose media was uploaded has nothing to fetch")
    return FetchRequest(url=job.request.media_url)


def _profile(job: JobRecord, _target: str, _results: Results) -> ProfileRequest:
    if job.media is None:
        raise LookupError("a job that goes on has its media")
    return ProfileRequest(media=job.media, language=job.request.source_language)


def _transcription(job: JobRecord, _target: str, results: Results) -> TranscriptionRequest:
    return TranscriptionRequest(
        media=results.of("profile", ProfileResult).audio,
        language=job.request.source_language,
        overrides=job.request.overrides.asr,
        reuse=job.request.overrides.reuse,
    )


def _translation(job: JobRecord, target: str, results: Results) -> TranslationRequest:
    return TranslationRequest(
        transcript=results.of("transcribe", Transcription).transcript,
        target_language=target,
        engine=job.request.overrides.translation_engine,
        terms=job.request.context.terms,
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
        mode=job.request.overrides.enhancement or "selective",
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
            "transcribe",
            needs=("profile",),
            kind=TRANSCRIPTIONS,
            request=_transcription,
            weight=10,
            caveats=_notes,
            hears=_language,
        ),
        Stage("render", needs=("transcribe",), kind=RENDERINGS, request=_captions, weight=0.2, delivers=_files),
        Stage(
            "translate",
            needs=("profile", "transcribe"),
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
            needs=("transcribe", "translate"),
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
