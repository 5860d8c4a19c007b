"""What became of lines: of each, and of all together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import overload

from setu_common.contracts import QualityScore, Reason
from setu_enhancer.domain.guards import Breach
from setu_enhancer.domain.lines import Line
from setu_enhancer.editing.sharing import added


@dataclass(frozen=True)
class Offer:
    """What models gave for one line.

    Args:
        text: the last edit; empty if none came.
        faults: what is wrong with it; empty: nothing.
        provider: who gave it, or was asked last.
        model: which of its models.
        cost_usd: the line's share of all requests that it was in; None if one of them has no price.
        requests: how many that were.
        cached: whether it was taken from earlier work.
    """

    text: str = ""
    faults: tuple[Breach, ...] = ()
    provider: str = ""
    model: str = ""
    cost_usd: Decimal | None = Decimal(0)
    requests: int = 0
    cached: bool = False

    @property
    def stands(self) -> bool:
        """Whether there is an edit, and nothing wrong with it."""
        return bool(self.text) and not self.faults


@dataclass(frozen=True)
class Edited:
    """What became of one line.

    Args:
        line: the line.
        text: what is delivered: the edit if it was kept, else the draft.
        offered: what a model gave; empty if nobody was asked, or nothing came.
        rejected: why that was not kept; empty if it was, or says the same as the draft.
        before: the draft's score.
        after: the score of what was offered; None if nothing was, or something is wrong with it.
        provider: who gave it.
        model: which of its models.
        cached: whether it was taken from earlier work.
        cost_usd: the line's share of what its requests cost; None if one of them has no price.
        reasons: why the line was chosen.
        requests: how many requests it was in.
    """

    line: Line
    text: str
    offered: str = ""
    rejected: str = ""
    before: QualityScore | None = None
    after: QualityScore | None = None
    provider: str = ""
    model: str = ""
    cached: bool = False
    cost_usd: Decimal | None = Decimal(0)
    reasons: tuple[Reason, ...] = ()
    requests: int = 0

    @property
    def changed(self) -> bool:
        """Whether something else than the draft is delivered."""
        return self.text != self.line.draft


@dataclass(frozen=True)
class Edits(Sequence[Edited]):
    """All lines, in their order.

    Args:
        lines: one for each line that was given.
        degraded: why lines that were chosen were asked of nobody; empty if all were.
        notes: what else is worth telling, such as who was passed over.
        requests: made in all.
        model_time_s: how long models were waited for, all requests together, seconds.
        by_models: what models made of what rules had left, by index, of the lines that one was asked about now.
    """

    lines: tuple[Edited, ...]
    degraded: str = ""
    notes: tuple[str, ...] = field(default=())
    requests: int = 0
    model_time_s: float = 0.0
    by_models: Mapping[int, Edited] = field(default_factory=dict)

    def costing(self, more_usd: Mapping[int, Decimal | None]) -> "Edits":
        """The same, with what lines cost beside that, by index."""
        lines = (
            replace(each, cost_usd=added(each.cost_usd, more_usd[each.line.index])) if each.line.index in more_usd else each
            for each in self.lines
        )
        return replace(self, lines=tuple(lines))

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[Edited]:
        return iter(self.lines)

    @overload
    def __getitem__(self, place: int) -> Edited: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Edited]: ...
    def __getitem__(self, place: int | slice) -> Edited | Sequence[Edited]:
        return self.lines[place]
