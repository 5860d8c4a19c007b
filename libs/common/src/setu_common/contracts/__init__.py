"""The messages that services exchange: immutable pydantic models, SI units in names.

One invariant above all: N segments in, N segments out, same indices and times.
"""

from setu_common.contracts.audio import AudioProfile, LanguageWindow, ProfileRequest, ProfileResult
from setu_common.contracts.context import Character, Context
from setu_common.contracts.contract import Contract, View
from setu_common.contracts.enhancement import (
    DraftLine,
    EnhancedTranscript,
    Enhancement,
    EnhancementMode,
    EnhancementRequest,
    EnhancementResult,
    QualityReport,
    QualityRequest,
    QualityScore,
    Reason,
    ReasonKind,
    ScoredLine,
)
from setu_common.contracts.job import (
    Degradation,
    Deliverable,
    JobPage,
    JobRequest,
    JobState,
    JobView,
    Overrides,
    StageState,
    StageView,
)
from setu_common.contracts.kinds import (
    ENHANCEMENTS,
    PROFILES,
    QUALITY_SCORES,
    SPEECH_TRANSLATIONS,
    TRANSCRIPTIONS,
    TRANSLATIONS,
)
from setu_common.contracts.language import LANGUAGE_NAMES, LanguageCode
from setu_common.contracts.operation import Operation, OperationKind, OperationState, Submission
from setu_common.contracts.problem import FieldProblem, Problem
from setu_common.contracts.reference import Reference
from setu_common.contracts.speech import (
    AsrOverrides,
    AsrPlan,
    Removal,
    RemovalReason,
    Segment,
    Transcript,
    Transcription,
    TranscriptionRequest,
    Word,
)
from setu_common.contracts.translation import (
    SpeechTranslationRequest,
    Term,
    TranslatedTranscript,
    Translation,
    TranslationEngine,
    TranslationRequest,
    TranslationResult,
)

__all__ = [
    "ENHANCEMENTS",
    "LANGUAGE_NAMES",
    "PROFILES",
    "QUALITY_SCORES",
    "SPEECH_TRANSLATIONS",
    "TRANSCRIPTIONS",
    "TRANSLATIONS",
    "AsrOverrides",
    "AsrPlan",
    "AudioProfile",
    "Character",
    "Context",
    "Contract",
    "Degradation",
    "Deliverable",
    "DraftLine",
    "EnhancedTranscript",
    "Enhancement",
    "EnhancementMode",
    "EnhancementRequest",
    "EnhancementResult",
    "FieldProblem",
    "JobPage",
    "JobRequest",
    "JobState",
    "JobView",
    "LanguageCode",
    "LanguageWindow",
    "Operation",
    "OperationKind",
    "OperationState",
    "Overrides",
    "Problem",
    "ProfileRequest",
    "ProfileResult",
    "QualityReport",
    "QualityRequest",
    "QualityScore",
    "Reason",
    "ReasonKind",
    "Reference",
    "Removal",
    "RemovalReason",
    "ScoredLine",
    "Segment",
    "SpeechTranslationRequest",
    "StageState",
    "StageView",
    "Submission",
    "Term",
    "Transcript",
    "Transcription",
    "TranscriptionRequest",
    "TranslatedTranscript",
    "Translation",
    "TranslationEngine",
    "TranslationRequest",
    "TranslationResult",
    "View",
    "Word",
]
