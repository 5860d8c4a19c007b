"""Whatever happens to a job in whatever order, it ends, and nothing is left behind at the services."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setu_common.contracts import JobState, Operation, StageState
from setu_common.errors import Conflict, NotFound
from setu_gateway.errors import JobNotFound
from setu_gateway.pipeline.kinds import Advanced
from setu_gateway.records import JobRecord
from setu_gateway.testing.samples import a_problem
from setu_gateway.testing.stand import Stand

URL = "https://media.example/talk.mp4"
ACTIONS = st.sampled_from(
    ["advance", "advance", "advance", "two at once", "killed", "cancelled meanwhile", "succeed", "succeed", "fail", "end cancelled",
     "asr leaves", "translate leaves", "optimizer leaves", "translate loses patience", "no worker enhances in time",
     "the plan is late",
     "all are back", "cancel", "retry", "purge", "lose"]
)  # fmt: skip


class Killed(BaseException):
    pass


class Life:
    """One job, and what is done to it."""

    def __init__(self, stand: Stand, job: JobRecord) -> None:
        self.stand, self.first = stand, job
        self.version = 0

    async def job(self) -> JobRecord | None:
        try:
            job = await self.stand.jobs.get("local", self.first.id)
        except JobNotFound:
            return None
        assert job.version >= self.version
        self.version = job.version
        assert job.state.ended == all(stage.state.ended for stage in job.stages)
        assert (job.ended_at is not None) == job.state.ended
        assert (job.problem is not None) == (job.state is JobState.FAILED)
        return job

    async def act(self, action: str, choice: int) -> None:
        job = await self.job()
        if job is None:
            return
        match action:
            case "advance":
                await self.advance()
            case "two at once":
                await asyncio.gather(self.advance(), self.advance())
            case "translate loses patience":
                self.stand.translate.away = True
                await self.advance()
                await self.advance(stage_patience_s=0.0)
            case "no worker enhances in time":
                await self.advance(optional_patience_s=0.0)
            case "the plan is late":
                await self.advance(plan_patience_s=0.0)
            case "killed":
                await self.advance(at_submit=self.kill)
            case "cancelled meanwhile":
                await self.advance_while_it_is_cancelled()
            case "cancel":
                await self.stand.jobs.cancel("local", job.id)
            case "purge":
                await self.stand.jobs.purge("local", job.id)
            case "retry":
                await self.retry(job)
            case _:
                self.act_at_a_service(action, choice)

    def act_at_a_service(self, action: str, choice: int) -> None:
        match action:
            case "asr leaves" | "translate leaves" | "optimizer leaves":
                self.stand.ports[action.split(maxsplit=1)[0]].away = True
                return
            case "all are back":
                self.all_back()
                return
        under_way = [(service, each) for service in self.stand.ports.values() for each in service.under_way()]
        if not under_way:
            return
        service, operation = under_way[choice % len(under_way)]
        match action:
            case "succeed":
                self.stand.succeed(service, operation)
            case "fail":
                service.fail(operation, a_problem())
            case "end cancelled":
                service.end_cancelled(operation)
            case "lose":
                service.lose(operation)

    async def advance_while_it_is_cancelled(self) -> None:
        cancelling: list[asyncio.Task[JobRecord]] = []

        def cancel(_operation: Operation) -> None:
            cancelling.append(asyncio.create_task(self.stand.jobs.cancel("local", self.first.id)))

        await self.advance(at_submit=cancel)
        await asyncio.gather(*cancelling)

    async def retry(self, job: JobRecord) -> None:
        undone = any(stage.state in (StageState.FAILED, StageState.CANCELLED) for stage in job.stages)
        if job.state.ended and undone and job.purge_asked_at is None:
            await self.stand.jobs.retry("local", job.id)
            return
        with pytest.raises(Conflict):
            await self.stand.jobs.retry("local", job.id)

    @staticmethod
    def kill(_operation: Operation) -> None:
        raise Killed

    async def advance(self, at_submit=lambda _operation: None, **settings: float) -> Advanced | None:
        job = await self.job()
        if job is None:
            return None
        for service in self.stand.ports.values():
            service.on_submit = at_submit
        try:
            answer = await self.stand.advance(job, run=job.run, **settings)
        except Killed:
            return None
        finally:
            for service in self.stand.ports.values():
                service.on_submit = lambda _operation: None
        return answer if isinstance(answer, Advanced) else None

    def all_back(self) -> None:
        for service in self.stand.ports.values():
            service.away = False

    async def end(self) -> None:
        """Let everything go well from now on, until there is nothing more to do."""
        self.all_back()
        for _ in range(12):
            if await self.advance() is not None or await self.job() is None:
                return
            self.stand.end_all()
        raise AssertionError("the job does not end")

    async def lessons(self) -> list[str]:
        async with self.stand.database.reading() as connection:
            rows = await connection.exec_driver_sql(
                "SELECT idempotency_key FROM operation WHERE kind = 'lessons' AND job_id = %(id)s", {"id": self.first.id}
            )
            return [row[0] for row in rows]

    def known_to(self, job: JobRecord) -> set[object]:
        return {each for stage in job.stages for each in (stage.operation_id, *stage.former_operations)}


@pytest.mark.timeout(400)  # forty lives of a job on a real database, with whatever the machine has left
@given(
    st.tuples(st.lists(st.sampled_from(["en", "fr", "hi"]), unique=True, max_size=2), st.sampled_from([None, URL])),
    st.lists(st.tuples(ACTIONS, st.integers(0, 9)), max_size=25),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happens_a_job_ends_and_the_services_hold_nothing_that_it_does_not_know(
    database, store, jobs, asked, actions
):
    stand, (targets, url) = Stand(database, store, jobs), asked
    life = Life(stand, await stand.accept(*targets, url=url))
    for action, choice in actions:
        await life.act(action, choice)
    await life.end()
    job = await life.job()
    held = {operation for service in stand.ports.values() for operation in service.operations}
    lessons = await life.lessons()
    if job is None:
        assert (held, lessons) == (set(), [])
        if life.first.media is not None:
            with pytest.raises(NotFound):
                await store.read(life.first.media)
        return
    assert job.state.ended
    assert (f"{job.id}/{job.run}/lesson" in lessons) == (job.state is JobState.SUCCEEDED)
    assert len(lessons) == len(set(lessons)) <= job.run
    assert held <= life.known_to(job)
    submitted = [each.idempotency_key for service in stand.ports.values() for each in service.submissions.values()]
    assert len(submitted) == len(set(submitted))
    if url is None:
        assert await store.read(job.media) == b"media"
    assert (job.media is None) == (url is not None and job.stages[0].state is not StageState.SUCCEEDED)
