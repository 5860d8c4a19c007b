"""Jobs and corrections as the optimizer's memory is told of them, in a database of its own."""

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from evals.context.series import Drafted, Episode, Wanted
from setu_cli.embedded.postgres import running_postgres
from setu_common.contracts import (
    AsrPlan,
    AudioProfile,
    Context,
    CorrectionRequest,
    DeliveredText,
    EditedCue,
    EditedSubtitles,
    EnhancedTranscript,
    GlossaryEntry,
    ObservationRequest,
    Reference,
    Segment,
    Transcript,
    TranslatedTranscript,
    Translation,
)
from setu_common.db import Database, migrate
from setu_common.settings import DatabaseSettings
from setu_optimizer.knowledge import Curation, Knowledge
from setu_optimizer.migrate import VERSIONS
from setu_optimizer.settings import SERVICE

SOURCE: Final = "hi"
TARGET: Final = "en"
LINE_S: Final = 3.0
NOWHERE: Final = Reference(uri=f"setu://eval/eval/2026-01-01/{'0' * 64}-{'0' * 8}", bytes=1, media_type="text/plain")
PROFILE: Final = AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=1, music_ratio=0, language=SOURCE)


@asynccontextmanager
async def memory() -> AsyncIterator[tuple[Knowledge, Curation]]:
    """A real memory, and people's part in it."""
    with _migrated() as settings:
        database = Database(settings, SERVICE)
        try:
            yield Knowledge(database), Curation(database)
        finally:
            await database.close()


@contextmanager
def _migrated() -> Iterator[DatabaseSettings]:
    with tempfile.TemporaryDirectory(prefix="setu-eval-") as folder:
        Path(folder).chmod(0o755)  # the server's own user enters it
        with running_postgres(Path(folder) / "postgres", durable=False) as server:
            settings = DatabaseSettings(url=server.url)
            migrate(settings, SERVICE, VERSIONS)
            yield settings


async def observe(
    knowledge: Knowledge, tenant: str, context: Context, glossary: Sequence[GlossaryEntry], job_id: UUID | None = None
) -> UUID:
    """Tell of a finished job."""
    job = job_id or uuid4()
    request = ObservationRequest(
        job_id=job,
        source_language=SOURCE,
        profile=PROFILE,
        plan=AsrPlan(),
        transcript=NOWHERE,
        model_time_s=1,
        context=context,
        delivered=(DeliveredText(language=TARGET, translated=NOWHERE),),
    )
    audit = EnhancedTranscript(
        source_language=SOURCE,
        target_language=TARGET,
        prompt="eval",
        glossary_sha256="",
        glossary=tuple(glossary),
        lines=(),
    )
    await knowledge.learn_from_job(tenant, request, [audit])
    return job


async def correct(
    knowledge: Knowledge,
    tenant: str,
    context: Context,
    *,
    said: Sequence[str],
    delivered: Sequence[str],
    left: Sequence[str],
    glossary: Sequence[GlossaryEntry] = (),
    job_id: UUID | None = None,
) -> None:
    """Tell what a person made of what was delivered, line by line."""
    segments = tuple(Segment(index=at, start_s=at * LINE_S, end_s=at * LINE_S + 2, text=text) for at, text in enumerate(said))
    transcript = Transcript(
        language=SOURCE, language_probability=1, duration_s=len(said) * LINE_S, segments=segments, engine="eval", model="eval"
    )
    translations = tuple(Translation(segment_index=at, text=text, engine="eval") for at, text in enumerate(delivered))
    translated = TranslatedTranscript(
        source_language=SOURCE, target_language=TARGET, translations=translations, engine="eval", model="eval"
    )
    cues = tuple(EditedCue(start_s=at * LINE_S, end_s=at * LINE_S + 2, text=text) for at, text in enumerate(left))
    request = CorrectionRequest(
        job_id=job_id or uuid4(), language=TARGET, source_language=SOURCE, edited=NOWHERE, transcript=NOWHERE, context=context
    )
    edited = EditedSubtitles(language=TARGET, cues=cues)
    await knowledge.learn_from_correction(tenant, request, transcript, delivered=translated, edited=edited, glossary=glossary)


async def given(knowledge: Knowledge, tenant: str, context: Context) -> tuple[GlossaryEntry, ...]:
    """What a recording is given."""
    return tuple(
        entry
        for known in await knowledge.known(tenant, context, SOURCE, [TARGET])
        for entry in known.entries
        if entry.verdict != "vetoed"
    )


def seen_by_machine(
    episode: Episode, wanted: dict[str, Wanted], draft: Drafted, told: Sequence[GlossaryEntry]
) -> list[GlossaryEntry]:
    """What a machine notes of an episode: what it was told, and the names as it wrote them first."""
    names = [wanted[name] for name in sorted(episode.entries) if wanted[name].kind == "name"]
    drafts = [draft.forms[name][0] for name in sorted(episode.entries) if wanted[name].kind == "name"]
    guessed = [
        GlossaryEntry(source=(name.source,), target=form, kind="name", provenance="text")
        for name, form in zip(names, drafts, strict=True)
        if not any(name.source in entry.source for entry in told)
    ]
    return [*told, *guessed]
