"""The messages that services exchange: immutable pydantic models, SI units in names.

One invariant above all: N segments in, N segments out, same indices and times.
"""

from setu_common.contracts.contract import Contract, View
from setu_common.contracts.job import (
    Degradation,
    Deliverable,
    JobPage,
    JobRequest,
    JobState,
    JobView,
    StageState,
    StageView,
)
from setu_common.contracts.kinds import TRANSCRIPTIONS, TRANSLATIONS
from setu_common.contracts.language import LANGUAGE_NAMES, LanguageCode
from setu_common.contracts.operation import Operation, OperationKind, OperationState, Submission
from setu_common.contracts.problem import FieldProblem, Problem
from setu_common.contracts.reference import Reference
from setu_common.contracts.speech import AsrPlan, Segment, Transcript, Transcription, TranscriptionRequest, Word
from setu_common.contracts.translation import TranslatedTranscript, Translation, TranslationRequest, TranslationResult

__all__ = [
    "LANGUAGE_NAMES",
    "TRANSCRIPTIONS",
    "TRANSLATIONS",
    "AsrPlan",
    "Contract",
    "Degradation",
    "Deliverable",
    "FieldProblem",
    "JobPage",
    "JobRequest",
    "JobState",
    "JobView",
    "LanguageCode",
    "Operation",
    "OperationKind",
    "OperationState",
    "Problem",
    "Reference",
    "Segment",
    "StageState",
    "StageView",
    "Submission",
    "Transcript",
    "Transcription",
    "TranscriptionRequest",
    "TranslatedTranscript",
    "Translation",
    "TranslationRequest",
    "TranslationResult",
    "View",
    "Word",
]
