"""A judge whose opinions are paid for once: what they cost is put down to the lines, and they are remembered beside the edits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Protocol, runtime_checkable

from setu_common.llm import Spent
from setu_enhancer.domain.glossary import Glossary
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import count
from setu_enhancer.domain.scoring import Judgement
from setu_enhancer.editing.gate import Judging
from setu_enhancer.editing.sharing import FREE, Priced, added, shares, spent_usd
from setu_enhancer.judging import Billed, note_of_lost


@runtime_checkable
class BillingJudge(Judging, Protocol):
    """A ``Judging`` that tells what its requests use."""

    @property
    def stamp(self) -> str:
        """The same for as long as it would be asked the same of the same model."""

    async def judge_billed(
        self, pairs: Sequence[tuple[Line, str]], pair: Pair, glossary: Glossary, billed: Billed
    ) -> Sequence[Judgement | None]:
        """See ``Judging.judge``; ``billed`` is told of each request."""


class Opinions:
    """A ``Judging`` for one text: what it was told of before it does not ask again.

    Args:
        judge: who is asked.
        price: what requests cost.
    """

    def __init__(self, judge: BillingJudge, price: Priced) -> None:
        self._judge = judge
        self._price = price
        self._known: dict[int, dict[str, Judgement]] = {}
        self._costs: dict[int, Decimal | None] = {}
        self._new: set[int] = set()
        self._asked: set[int] = set()
        self._whys: dict[int, str] = {}
        self._lost: set[int] = set()

    async def judge(self, pairs: Sequence[tuple[Line, str]], pair: Pair, glossary: Glossary) -> Sequence[Judgement | None]:
        """See ``Judging``."""
        texts: dict[int, set[str]] = {}
        for line, text in pairs:
            texts.setdefault(line.index, set()).add(text)
        unknown = {index for index, each in texts.items() if not each <= self._known.get(index, {}).keys()}
        asked = [(line, text) for line, text in pairs if line.index in unknown]
        if asked:
            told = await self._judge.judge_billed(asked, pair, glossary, self._billed)
            self._asked |= unknown
            lost = {line.index for (line, _), judgement in zip(asked, told, strict=True) if judgement is None}
            self._lost = self._lost - unknown | lost
            for (line, text), judgement in zip(asked, told, strict=True):
                if judgement is not None:
                    self._known.setdefault(line.index, {})[text] = judgement
                    self._new.add(line.index)
        return [self._known.get(line.index, {}).get(text) for line, text in pairs]

    def recall(self, index: int, told: str) -> None:
        """What was thought of a line's texts before; nothing, where another judge thought so."""
        if not told:
            return
        found = json.loads(told)
        if found["by"] == self._judge.stamp:
            self._known[index] = {text: Judgement(**each) for text, each in found["of"].items()}

    def told(self, index: int) -> str:
        """What is thought of a line's texts, to be remembered; empty if nothing is."""
        known: Mapping[str, Judgement] = self._known.get(index, {})
        if not known:
            return ""
        return json.dumps(
            {"by": self._judge.stamp, "of": {text: asdict(each) for text, each in known.items()}}, ensure_ascii=False
        )

    def is_new(self, index: int) -> bool:
        """Whether somebody was asked about a line."""
        return index in self._new

    def cost_usd(self, index: int) -> Decimal | None:
        """What a line's opinions cost; None if nobody knows."""
        return self._costs.get(index, FREE)

    @property
    def note(self) -> str:
        """That lines were not judged though somebody was asked, and answered; empty if there are none."""
        return note_of_lost([self._whys.get(index, "") for index in sorted(self._lost)], len(self._asked))

    def _billed(self, pairs: Sequence[tuple[Line, str]], spent: Sequence[Spent], why: str = "") -> None:
        self._whys |= {line.index: why for line, _ in pairs}
        weights = [count(line.source) + count(text) for line, text in pairs]
        for (line, _), cost in zip(pairs, shares(spent_usd(spent, self._price), weights), strict=True):
            self._costs[line.index] = added(self._costs.get(line.index, FREE), cost)


def opinions_of(judge: Judging | None, price: Priced) -> Opinions | None:
    """A judge's opinions; None where there is no judge, or one that does not tell what it costs."""
    return Opinions(judge, price) if judge is not None and isinstance(judge, BillingJudge) else None
