"""What people see of the memory, add to it and decide."""

from collections.abc import Sequence
from uuid import UUID

from setu_common.contracts import FieldProblem
from setu_common.contracts.knowledge import (
    KnowledgeConflicts,
    KnowledgeEntry,
    KnowledgePage,
    KnowledgeQuery,
    NewKnowledge,
    VerdictSetting,
)
from setu_common.db import Database
from setu_common.db.cursor import decode_cursor, encode_cursor
from setu_common.errors import InvalidRequest
from setu_optimizer.domain.knowledge.belief import WEIGHTS
from setu_optimizer.domain.knowledge.entries import Claim, Pair, joined
from setu_optimizer.domain.knowledge.scopes import LEVELS, Scope, alike, scope
from setu_optimizer.errors import EntryNotFound, VetoStays
from setu_optimizer.knowledge import repository
from setu_optimizer.knowledge.views import conflict_view, groups, views_among

PERSON = "person"
"""The origin of what is said outside of jobs."""


class Curation:
    """People's part in the memory of a tenant. What they decide lasts, whatever is learned.

    Args:
        database: working in the optimizer's schema.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entries(self, tenant: str, query: KnowledgeQuery) -> KnowledgePage:
        """A page of entries, the newest first.

        Raises:
            InvalidRequest: the cursor is none.
        """
        before = decode_cursor(query.cursor) if query.cursor is not None else None
        async with self._database.reading() as connection:
            scope_ids = None
            if query.scope is not None:
                wanted = [scope(level, query.scope) for level in LEVELS if query.level in (None, level)]
                there = await repository.scopes(connection, tenant, LEVELS)
                scope_ids = [id_ for id_, each in there.items() for one in wanted if one is not None and alike(one, each)]
            found = await repository.listed(
                connection, tenant, query, scope_ids=scope_ids, before=before, limit=query.limit + 1
            )
            page = found[: query.limit]
            rivals = await repository.rivals(connection, tenant, [each.id for each in page])
        last = page[-1] if len(found) > query.limit else None
        cursor = encode_cursor(last.created_at, last.id) if last else None
        return KnowledgePage(entries=views_among(page, rivals), next_cursor=cursor)

    async def add(self, tenant: str, new: NewKnowledge) -> KnowledgeEntry:
        """Take an entry that a person gives, and accept it; one that is there already is accepted, and written as given.

        Raises:
            InvalidRequest: there are no words in its scope's name, its sources or its target.
        """
        of = scope(new.scope.level, new.scope.name)
        claims = joined([Claim(new.kind, new.sources, new.target, "glossary", WEIGHTS["glossary"], new.accepted, new.gender)])
        _demand_words(of, claims)
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant)
            assert of is not None  # noqa: S101  it was demanded
            ids = await repository.keep_scopes(connection, tenant, [of])
            pair = Pair(new.source_language, new.target_language)
            kept = await repository.keep_entries(connection, tenant, pair, [(ids[of.level, of.key], claims[0])])
            work = f"{of.level}:{of.key}" if of.level in ("series", "title") else ""
            await repository.keep_evidence(connection, tenant, kept, origin=PERSON, job_id=None, work=work)
            await repository.reword(connection, tenant, kept[0][0], claims[0].target)
            await repository.decide(connection, tenant, kept[0][0], "accepted", new.by)
        return await self._entry(tenant, kept[0][0])

    async def decide(self, tenant: str, entry_id: UUID, setting: VerdictSetting) -> KnowledgeEntry:
        """Accept or veto an entry, until somebody decides otherwise.

        Raises:
            EntryNotFound: there is none of this id.
        """
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant)
            if not await repository.decide(connection, tenant, entry_id, setting.verdict, setting.by):
                raise _not_found(entry_id)
        return await self._entry(tenant, entry_id)

    async def remove(self, tenant: str, entry_id: UUID) -> None:
        """Forget an entry and all that speaks for it.

        Raises:
            EntryNotFound: there is none of this id.
            VetoStays: it is vetoed.
        """
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant)
            if await repository.remove(connection, tenant, entry_id):
                return
            if await repository.entry(connection, tenant, entry_id) is None:
                raise _not_found(entry_id)
        raise VetoStays("A vetoed entry is kept so that it does not come back. Accept it first if it is to be forgotten.")

    async def conflicts(self, tenant: str, limit: int) -> KnowledgeConflicts:
        """Sources of which several things are said in one scope, and of which nobody decided; what changed last first."""
        async with self._database.reading() as connection:
            ids = await repository.contested(connection, tenant, limit + 1)
            rivals = await repository.rivals(connection, tenant, ids[:limit])
        by_id = {each.id: group for group in groups(rivals).values() for each in group}
        found = (conflict_view(by_id[each]) for each in ids[:limit] if each in by_id)
        return KnowledgeConflicts(conflicts=tuple(each for each in found if each), more=len(ids) > limit)

    async def _entry(self, tenant: str, entry_id: UUID) -> KnowledgeEntry:
        async with self._database.reading() as connection:
            found = await repository.entry(connection, tenant, entry_id)
            if found is None:
                raise _not_found(entry_id)
            return views_among([found], await repository.rivals(connection, tenant, [entry_id]))[0]


def _demand_words(of: Scope | None, claims: Sequence[Claim]) -> None:
    fields = ["scope.name"] if of is None else []
    fields += ["sources", "target"] if not claims else []
    if fields:
        errors = [FieldProblem(field=f"body.{each}", message="no words in it") for each in fields]
        raise InvalidRequest("Give words: what is without letters and digits can't be found again.", errors=errors)


def _not_found(entry_id: UUID) -> EntryNotFound:
    return EntryNotFound(f"There is no entry {entry_id}. GET /v1/context/entries lists them.")
