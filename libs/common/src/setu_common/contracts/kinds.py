"""The kinds of operation that Setu's services offer, in the order in which a job meets them."""

from setu_common.contracts.audio import ProfileRequest, ProfileResult
from setu_common.contracts.enhancement import EnhancementRequest, EnhancementResult, QualityReport, QualityRequest
from setu_common.contracts.learning import Corrected, CorrectionRequest, ObservationRequest, Observed
from setu_common.contracts.operation import OperationKind
from setu_common.contracts.pieces import HeardPiece, PieceRequest
from setu_common.contracts.planning import PlanRequest, PlanResult
from setu_common.contracts.speech import Transcription, TranscriptionRequest
from setu_common.contracts.translation import SpeechTranslationRequest, TranslationRequest, TranslationResult

PROFILES = OperationKind(
    name="profiles", service="asr", queue="asr", request=ProfileRequest, result=ProfileResult, timeout_s=2 * 3600
)
PLANS = OperationKind(
    name="plans", service="optimizer", queue="optimizer", request=PlanRequest, result=PlanResult, timeout_s=30, max_attempts=2
)
TRANSCRIPTIONS = OperationKind(
    name="transcriptions", service="asr", queue="asr", request=TranscriptionRequest, result=Transcription, timeout_s=6 * 3600
)
# A long recording's clips, some at a time: parts of its transcription, which no other service asks for.
TRANSCRIPTION_PIECES = OperationKind(
    name="transcription-pieces", service="asr", queue="asr", request=PieceRequest, result=HeardPiece, timeout_s=2 * 3600
)
TRANSLATIONS = OperationKind(
    name="translations",
    service="translate",
    queue="translate",
    request=TranslationRequest,
    result=TranslationResult,
    timeout_s=2 * 3600,
)
SPEECH_TRANSLATIONS = OperationKind(
    name="speech-translations",
    service="asr",
    queue="asr",
    request=SpeechTranslationRequest,
    result=TranslationResult,
    timeout_s=6 * 3600,
)
ENHANCEMENTS = OperationKind(
    name="enhancements",
    service="enhancer",
    queue="enhancer",
    request=EnhancementRequest,
    result=EnhancementResult,
    timeout_s=2 * 3600,
)
QUALITY_SCORES = OperationKind(
    name="quality-scores", service="enhancer", queue="enhancer", request=QualityRequest, result=QualityReport, timeout_s=1800
)
OBSERVATIONS = OperationKind(
    name="observations", service="optimizer", queue="learning", request=ObservationRequest, result=Observed, timeout_s=1800
)
CORRECTIONS = OperationKind(
    name="corrections", service="optimizer", queue="learning", request=CorrectionRequest, result=Corrected, timeout_s=1800
)

_PARTS = {TRANSCRIPTION_PIECES.name: TRANSCRIPTIONS.name}


def stage_of(kind: str) -> str:
    """Under which kind's name an attempt counts: what it took, and what it cost. A part's is that of what it is a part of."""
    return _PARTS.get(kind, kind)
