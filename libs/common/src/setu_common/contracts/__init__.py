"""The messages that services exchange: immutable pydantic models, SI units in names.

One invariant above all: N segments in, N segments out, same indices and times.
"""

from setu_common.contracts.audio import AudioProfile, LanguageWindow, ProfileRequest, ProfileResult
from setu_common.contracts.contract import Contract, View
from setu_common.contracts.job import (
    Context,
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
from setu_common.contracts.kinds import PROFILES, SPEECH_TRANSLATIONS, TRANSCRIPTIONS, TRANSLATIONS
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
    "LANGUAGE_NAMES",
    "PROFILES",
    "SPEECH_TRANSLATIONS",
    "TRANSCRIPTIONS",
    "TRANSLATIONS",
    "AsrOverrides",
    "AsrPlan",
    "AudioProfile",
    "Context",
    "Contract",
    "Degradation",
    "Deliverable",
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
    "Reference",
    "Removal",
    "RemovalReason",
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
