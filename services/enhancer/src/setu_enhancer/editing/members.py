"""Who can be asked, in which order, and who is out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from setu_common.cost import BudgetExhausted
from setu_common.errors import SetuError
from setu_common.http import CircuitOpen
from setu_common.llm import (
    LlmModelUnknown,
    LlmNobodyUsable,
    LlmNotConfigured,
    LlmProvider,
    LlmQuotaExhausted,
    LlmUnauthorized,
)

# After these a provider is not asked again in this text: the next answer would be the same.
ENDS: Final[tuple[type[SetuError], ...]] = (
    BudgetExhausted,
    CircuitOpen,
    LlmQuotaExhausted,
    LlmUnauthorized,
    LlmModelUnknown,
    LlmNotConfigured,
    LlmNobodyUsable,
)
STRIKES: Final = 3  # failures in a row, each after the provider's own retries

log = structlog.get_logger()


@dataclass
class Member:
    """A provider, for the time of one text.

    Args:
        provider: who is asked.
        completes: whether it is a base model, which only goes on with a text.
    """

    provider: LlmProvider
    completes: bool = False
    ended: SetuError | None = field(default=None, init=False)
    strikes: int = field(default=0, init=False)

    @property
    def out(self) -> bool:
        """Whether it is asked no more."""
        return self.ended is not None

    def answered(self) -> None:
        """It works."""
        self.strikes = 0

    def failed(self, error: SetuError) -> None:
        """It gave no answer."""
        self.strikes += 1
        if isinstance(error, ENDS) or self.strikes >= STRIKES:
            if self.ended is None:
                log.warning("edit.provider_out", provider=self.provider.name, model=self.provider.model, code=error.code)
            self.ended = self.ended or error


class Members:
    """All of them.

    Args:
        providers: in the order in which they are asked.
        completing: the names of those that are base models.
    """

    def __init__(self, providers: Sequence[LlmProvider], completing: Collection[str] = ()) -> None:
        self.all = tuple(Member(each, each.name in completing) for each in providers)

    @property
    def usable(self) -> tuple[Member, ...]:
        """Those that can be asked."""
        return tuple(each for each in self.all if not each.out)

    @property
    def why_nobody(self) -> str:
        """Why those that are out are."""
        told = [f"{each.provider.name}: {each.ended.detail.rstrip('.')}." for each in self.all if each.ended is not None]
        return " ".join(told) or "There is no language model to ask."
