"""What was edited before: taken again where nothing has changed, and shown as an example where a line is much like it.

A memory is one tenant's, and one operation's, so neither is named in its methods. Its rows go with the operation that wrote them, whether it is
erased or too old: what was erased is not remembered. An operation that takes a row again keeps a copy, so either may be erased without harm
to the other.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

import structlog
from rapidfuzz import fuzz, process

from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_enhancer import repository
from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.lines import Pair

LOOKED_THROUGH: Final = 5000
"""Of earlier edits the newest are looked through for lines that are alike, this many: 2 ms a line."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Remembered:
    """What a model once offered for a line in its context.

    Args:
        offered: its edit, as it came. Whether it is kept is decided anew: guards and scores may have changed since.
        provider: who offered it.
        model: which of its models.
        opinion: what a judge thought of it, as ``setu_enhancer.editing.opinions`` writes it; empty if none was asked.
    """

    offered: str
    provider: str
    model: str
    opinion: str = ""


@dataclass(frozen=True)
class Example:
    """A line that was edited well before, and is much like another.

    Args:
        source: what is said.
        text: its final translation.
        likeness: of its source to the line's, 0..1.
    """

    source: str
    text: str
    likeness: float


@dataclass(frozen=True)
class Made:
    """An edit to be remembered.

    Args:
        key: of ``exact_key``.
        source: what is said.
        draft: its translation before.
        offered: what the model gave, the last time that it was asked.
        kept: whether that passed the guards and scored better. Only such edits serve as examples.
        provider: who gave it.
        model: which of its models.
        opinion: what a judge thought of it; empty if none was asked.
    """

    key: str
    source: str
    draft: str
    offered: str
    kept: bool
    provider: str
    model: str
    opinion: str = ""


class Memory(Protocol):
    """A tenant's earlier edits. Without its database it knows nothing and keeps nothing; nobody fails for that."""

    async def exact(self, keys: Sequence[str], *, of_edits: bool = False) -> Mapping[str, Remembered]:
        """What was offered under these keys, of those that there are.

        Args:
            keys: of ``exact_key``.
            of_edits: whether edits are looked for, and not what else is remembered of lines, such as their names.
        """

    async def similar(self, pair: Pair, source: str, limit: int) -> Sequence[Example]:
        """Edits that were kept for lines much like this one, the likest first."""

    async def remember(self, pair: Pair, edits: Sequence[Made]) -> None:
        """Keep these."""


class NoMemory:
    """A ``Memory`` of nothing: for who wants all done anew."""

    async def exact(
        self,
        keys: Sequence[str],  # noqa: ARG002  see Memory
        *,
        of_edits: bool = False,  # noqa: ARG002
    ) -> Mapping[str, Remembered]:
        """See ``Memory``."""
        return {}

    async def similar(self, pair: Pair, source: str, limit: int) -> Sequence[Example]:  # noqa: ARG002
        """See ``Memory``."""
        return ()

    async def remember(self, pair: Pair, edits: Sequence[Made]) -> None:
        """See ``Memory``."""


def exact_key(
    *,
    pair: Pair,
    source: str,
    draft: str,
    context: Sequence[str],
    entries: Sequence[Entry],
    room: str,
    prompt: str,
    model: str,
    tenant: str = "",
) -> str:
    """The same for all lines that a model would be asked about in much the same words: SHA-256 over what its edit depends on.

    Of the glossary only those entries count that occur in the lines, by how they are to be written: what else a text names is no business
    of this line, and who said how a name is written does not change it.

    Args:
        pair: the languages.
        source: what is said.
        draft: its translation.
        context: what is said around it and how that is translated, in order.
        entries: names and terms of all these lines: a name that is spelt anew makes anew the edits of lines that have it.
        room: how much time there is to read it, roughly.
        prompt: its name and version.
        model: the one that is asked first, as its provider names it.
        tenant: whose it is, where that is not said otherwise.
    """
    named = sorted({(entry.target, entry.kind, entry.gender or "") for entry in entries})
    told = [str(pair), source, draft, list(context), named, room, prompt, model, tenant]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


class KeptMemory:
    """A ``Memory`` in the service's database.

    Args:
        database: the enhancer's.
        tenant: whose edits they are.
        operation_id: the operation that takes and makes them.
        similarity: how alike a source line has to be to serve as an example, 0..1.
        counted: told how many keys of edits were looked for, and how many of them found.
    """

    def __init__(
        self,
        database: Database,
        tenant: str,
        operation_id: UUID,
        *,
        similarity: float,
        counted: Callable[[int, int], None] = lambda _asked, _found: None,
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._operation_id = operation_id
        self._similarity = similarity
        self._counted = counted
        self._earlier: dict[Pair, asyncio.Task[Mapping[str, str]]] = {}

    async def exact(self, keys: Sequence[str], *, of_edits: bool = False) -> Mapping[str, Remembered]:
        """See ``Memory``."""
        asked = list(dict.fromkeys(keys))
        if not asked:
            return {}
        try:
            async with self._database.reading() as connection:
                rows = await repository.find(connection, self._tenant, asked)
            found = {row.key: Remembered(row.offered, row.provider, row.model, row.opinion) for row in rows}
            if others := [row.key for row in rows if row.operation_id != self._operation_id]:
                async with self._database.transaction() as connection:
                    await repository.take(connection, self._tenant, self._operation_id, others)
        except DependencyUnavailable as error:
            log.warning("memory.away", reason=error.detail)
            return {}
        log.info("memory.asked", asked=len(asked), found=len(found), of_edits=of_edits)
        if of_edits:
            self._counted(len(asked), len(found))
        return found

    async def similar(self, pair: Pair, source: str, limit: int) -> Sequence[Example]:
        """See ``Memory``."""
        if limit <= 0 or not source:
            return ()
        if pair not in self._earlier:  # once for all lines, however many ask at the same time
            self._earlier[pair] = asyncio.ensure_future(self._newest(pair))
        earlier = await asyncio.shield(self._earlier[pair])
        alike = process.extract(source, list(earlier), scorer=fuzz.ratio, limit=limit, score_cutoff=self._similarity * 100)
        return tuple(Example(found, earlier[found], likeness / 100) for found, likeness, _ in alike)

    async def remember(self, pair: Pair, edits: Sequence[Made]) -> None:
        """See ``Memory``."""
        rows = {
            edit.key: repository.Kept(
                edit.key, edit.source, edit.draft, edit.offered, edit.kept, edit.provider, edit.model, edit.opinion
            )
            for edit in edits
            if "\x00" not in edit.source + edit.draft + edit.offered + edit.opinion  # Postgres has no such text
        }
        if not rows:
            return
        try:
            async with self._database.transaction() as connection:
                await repository.keep(connection, self._tenant, self._operation_id, str(pair), list(rows.values()))
        except DependencyUnavailable as error:
            log.warning("memory.not_kept", edits=len(rows), reason=error.detail)

    async def _newest(self, pair: Pair) -> Mapping[str, str]:
        try:
            async with self._database.reading() as connection:
                rows = await repository.newest(connection, self._tenant, str(pair), LOOKED_THROUGH)
        except DependencyUnavailable as error:
            log.warning("memory.away", reason=error.detail)
            return {}
        return {row.source: row.offered for row in reversed(rows)}  # the newest of several counts
