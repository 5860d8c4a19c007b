"""What is learned of names, terms and edits, and what of it is known for an episode."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from setu_common.contracts import (
    Context,
    CorrectionRequest,
    EditedSubtitles,
    EnhancedTranscript,
    GlossaryEntry,
    KnownContext,
    ObservationRequest,
    Transcript,
    TranslatedTranscript,
)
from setu_common.contracts.knowledge import Retrieval, RetrievalRequest
from setu_common.db import Database
from setu_optimizer.domain.knowledge.belief import WEIGHTS
from setu_optimizer.domain.knowledge.choosing import Choice, choose
from setu_optimizer.domain.knowledge.corrections import claims_of_correction
from setu_optimizer.domain.knowledge.entries import Claim, Pair
from setu_optimizer.domain.knowledge.jobs import claims_of_job
from setu_optimizer.domain.knowledge.scopes import Scope, alike, scopes_of, taught, work_of
from setu_optimizer.knowledge import repository, turns
from setu_optimizer.knowledge.views import glossary_entry, pair_view, scope_view

MOST_GIVEN: Final = 200
"""Entries that a recording is given for a pair of languages at most: each is looked for in every line, and some are shown to models."""
MOST_WITHHELD: Final = 200

log = structlog.get_logger()


class Knowledge:
    """The memory of all tenants; each sees its own.

    Whatever is learned at once is learned in one transaction, or not at all; learning the same again changes nothing.

    Args:
        database: working in the optimizer's schema.
        most: entries that a recording is given at most.
    """

    def __init__(self, database: Database, *, most: int = MOST_GIVEN) -> None:
        self._database = database
        self._most = most

    async def known(
        self, tenant: str, context: Context, source_language: str, targets: Sequence[str]
    ) -> tuple[KnownContext, ...]:
        """What is known of a recording's names and terms before anyone has heard it, and what people vetoed; else nothing.

        Raises:
            DependencyUnavailable: the database can't be used now.
        """
        _, found = await self._choices(tenant, context, [Pair(source_language, each) for each in dict.fromkeys(targets)])
        told = {pair: (*choice.given, *choice.vetoed[: self._most]) for pair, choice in found.items()}
        return tuple(
            KnownContext(
                source_language=pair.source,
                target_language=pair.target,
                entries=tuple(glossary_entry(each) for each in entries),
            )
            for pair, entries in told.items()
            if entries
        )

    async def retrieve(self, tenant: str, request: RetrievalRequest) -> Retrieval:
        """The same with reasons, and with what is withheld."""
        pairs = [Pair(request.source_language, each) for each in dict.fromkeys(request.target_languages)]
        scopes, found = await self._choices(tenant, request.context, pairs)
        return Retrieval(
            scopes=tuple(scope_view(each) for each in scopes),
            pairs=tuple(pair_view(pair, choice, MOST_WITHHELD) for pair, choice in found.items()),
        )

    async def learn_from_job(self, tenant: str, request: ObservationRequest, audits: Sequence[EnhancedTranscript]) -> int:
        """Learn what a finished job says, in place of what it said before; gives how many names and terms those are.

        Args:
            tenant: whose job it is.
            request: the job.
            audits: what its texts were edited with, where they were.
        """
        claims = claims_of_job(request, audits)
        pairs = {Pair(request.source_language, target): found for target, found in claims.items()}
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant)
            return await self._learn(connection, tenant, request.job_id, request.context, pairs, origin="job")

    async def learn_from_correction(
        self,
        tenant: str,
        request: CorrectionRequest,
        transcript: Transcript,
        *,
        delivered: TranslatedTranscript,
        edited: EditedSubtitles,
        glossary: Sequence[GlossaryEntry] = (),
    ) -> tuple[str, ...] | None:
        """Learn what a person's corrections of a translation say, in place of what earlier ones of the same job said.

        Args:
            tenant: whose job it is.
            request: the correction; its context says of what it is learned.
            transcript: what was said.
            delivered: the translation that was delivered.
            edited: the subtitles as the person left them.
            glossary: what the translation was edited with.

        Returns:
            What the person put, as ``source → target``; what was left as it is is learned as well, and not told. None: a correction that
            was accepted later is learned already.
        """
        claims = await asyncio.to_thread(claims_of_correction, transcript, delivered, edited.cues, glossary)
        pair = Pair(request.source_language, request.language)
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant)
            if not await turns.is_last(connection, tenant, request.job_id, request.language, request.accepted_at):
                return None
            await self._learn(connection, tenant, request.job_id, request.context, {pair: claims}, origin="correction")
        if not scopes_of(request.context):
            return ()
        put = [each for each in claims if each.weight >= WEIGHTS["human-correction"] or each.kind == "edit"]
        return tuple(f"{each.sources[0]} → {each.target}" for each in put)

    async def forget_job(self, tenant: str, job_id: UUID) -> None:
        """Take back all that a job and its corrections said. What people decided stays."""
        async with self._database.transaction() as connection:
            await repository.alone(connection, tenant)
            await repository.sweep(connection, tenant, await repository.take_back(connection, tenant, job_id))

    async def _choices(
        self, tenant: str, context: Context, pairs: Iterable[Pair]
    ) -> tuple[tuple[Scope, ...], dict[Pair, Choice]]:
        """The scopes that were found, and what is chosen of them for each pair of languages."""
        asked = scopes_of(context)
        async with self._database.reading() as connection:
            there = await repository.scopes(connection, tenant, {each.level for each in asked}) if asked else {}
            found = {id_: each for one in asked for id_, each in there.items() if alike(one, each)}
            choices = {}
            for pair in pairs:
                entries = await repository.entries_of(connection, tenant, pair, found) if found else []
                choices[pair] = choose(entries, self._most)
        return tuple(found.values()), choices

    async def _learn(
        self,
        connection: AsyncConnection,
        tenant: str,
        job_id: UUID,
        context: Context,
        claims: dict[Pair, tuple[Claim, ...]],
        *,
        origin: str,
    ) -> int:
        """Learn in the caller's transaction, which keeps other learners of the tenant waiting."""
        scopes = scopes_of(context)
        target = next(iter(claims)).target if origin == "correction" else None
        gone = await repository.take_back(connection, tenant, job_id, origin=origin, target=target)
        count = 0
        for pair, found in claims.items():
            count += await _keep(connection, tenant, pair, found, scopes=scopes, job_id=job_id, origin=origin)
        await repository.sweep(connection, tenant, gone)
        log.info("knowledge.learned", origin=origin, entries=count, scopes=len(scopes))
        return count


async def _keep(
    connection: AsyncConnection,
    tenant: str,
    pair: Pair,
    claims: Sequence[Claim],
    *,
    scopes: tuple[Scope, ...],
    job_id: UUID,
    origin: str,
) -> int:
    """Keep claims in all scopes that they are learned for; gives how many had any."""
    placed = [(scope, claim) for claim in claims for scope in taught(scopes, claim.kind)]
    if not placed:
        return 0
    ids = await repository.keep_scopes(connection, tenant, {(each.level, each.key): each for each, _ in placed}.values())
    kept = await repository.keep_entries(
        connection, tenant, pair, [(ids[scope.level, scope.key], claim) for scope, claim in placed]
    )
    await repository.keep_evidence(connection, tenant, kept, origin=origin, job_id=job_id, work=work_of(scopes))
    return len({(claim.kind, claim.source_key, claim.target_key) for _, claim in placed})
