"""Who learns may be killed anywhere: what was learned is whole, or was not learned at all."""

import asyncio
import os
import signal
import sys

import pytest
from sqlalchemy import text

from setu_optimizer.knowledge import Knowledge

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

KILLS = 3
LEARNER = """
import asyncio, logging, uuid, structlog
from setu_common.contracts import AsrPlan, AudioProfile, Character, Context, DeliveredText, ObservationRequest, Reference, Term
from setu_common.db import Database
from setu_common.settings import DatabaseSettings
from setu_optimizer.knowledge import Knowledge

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
nowhere = Reference(uri=f"setu://gateway/acme/2026-01-01/{'0' * 64}-{'0' * 8}", bytes=1, media_type="a/b")
profile = AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=1, music_ratio=0)
names = tuple(Character(name=f"Na{chr(97 + n)}o{chr(97 + n)}i") for n in range(20))
terms = tuple(Term(source=f"शब्द {n}", target=f"word {n}") for n in range(20))

async def main():
    knowledge = Knowledge(Database(DatabaseSettings(), "optimizer"))
    while True:
        context = Context(series="Mirzapur", genre="crime, drama", characters=names, terms=terms)
        request = ObservationRequest(
            job_id=uuid.uuid4(), source_language="hi", profile=profile, plan=AsrPlan(), transcript=nowhere, model_time_s=1,
            context=context, delivered=(DeliveredText(language="en", translated=nowhere),),
        )
        await knowledge.learn_from_job("acme", request, [])
        print("learned", flush=True)
        await knowledge.forget_job("acme", request.job_id)

asyncio.run(main())
"""


async def test_a_learner_that_is_killed_leaves_nothing_half_learned_and_holds_nobody_up(optimizer_database_settings, database):
    environment = os.environ | {"DATABASE_URL": optimizer_database_settings.url}
    for kill in range(KILLS):
        learner = await asyncio.create_subprocess_exec(
            sys.executable, "-c", LEARNER, env=environment, stdout=asyncio.subprocess.PIPE
        )
        assert learner.stdout is not None
        try:
            for _ in range(1 + kill):
                assert await learner.stdout.readline() == b"learned\n"
        finally:
            learner.send_signal(signal.SIGKILL)
            await learner.wait()
        whole = """SELECT (SELECT count(*) FROM known_entry e WHERE NOT EXISTS (SELECT FROM known_evidence v WHERE v.entry_id = e.id)),
            (SELECT count(*) FROM known_scope s WHERE NOT EXISTS (SELECT FROM known_entry e WHERE e.scope_id = s.id)),
            (SELECT count(DISTINCT n) FROM (SELECT count(*) AS n FROM known_evidence GROUP BY job_id) AS jobs)"""
        async with database.transaction() as connection:
            bare, empty, sizes = (await connection.execute(text(whole))).one()
        assert (bare, empty) == (0, 0)
        assert sizes <= 1  # each job is there with all of its eighty, or not at all
    async with database.reading() as connection:
        jobs = (await connection.execute(text("SELECT DISTINCT job_id FROM known_evidence"))).scalars().all()
    for job in jobs:
        await Knowledge(database).forget_job("acme", job)
    async with database.reading() as connection:
        left = await connection.execute(text("SELECT (SELECT count(*) FROM known_entry) + (SELECT count(*) FROM known_scope)"))
        assert left.scalar_one() == 0
