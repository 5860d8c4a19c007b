"""What spans of calls to models tell, under OpenTelemetry's names for generative AI. They are not settled yet: who renames them does it here.

Source: OpenTelemetry's semantic conventions for generative AI, spans, as of version 1.44. What they have for prompts and answers is left out on purpose.
"""

from collections.abc import Sequence
from typing import Final, Literal

from setu_common.observability.tracing import Attributes

Operation = Literal["chat", "text_completion", "transcription"]  # the last is ours: the conventions have none for speech

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITTEN_TOKENS: Final = "gen_ai.usage.cache_creation.input_tokens"


def name_of(operation: Operation, model: str) -> str:
    """What a span of a call is called."""
    return f"{operation} {model}"


def asked(operation: Operation, provider: str, model: str) -> Attributes:
    """What is known before the call.

    Args:
        operation: what the model is to do.
        provider: as the ledger names it.
        model: as the provider names it.
    """
    return {OPERATION: operation, PROVIDER: provider, REQUEST_MODEL: model}


def used(*, read: int, read_cached: int, cached: int, written: int) -> Attributes:
    """What the provider bills, tokens.

    Args:
        read: of the prompt, those from and for its cache included, as the conventions have it.
        read_cached: of them, from the cache.
        cached: of them, put into it.
        written: of the answer.
    """
    return {INPUT_TOKENS: read, CACHE_READ_TOKENS: read_cached, CACHE_WRITTEN_TOKENS: cached, OUTPUT_TOKENS: written}


def answered(model: str, finish_reasons: Sequence[str]) -> Attributes:
    """What is known of the answer, but for the answer itself."""
    return {RESPONSE_MODEL: model, FINISH_REASONS: finish_reasons}
