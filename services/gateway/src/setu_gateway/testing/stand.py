"""The pipeline on a real database, moved on step by step."""

from typing import Any
from uuid import UUID

from setu_common.contracts import JobRequest, StageState
from setu_common.db import Database
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Operations, Park
from setu_common.settings import OperationSettings
from setu_common.store import Store
from setu_gateway.intake.upload import Upload
from setu_gateway.learning.forgetting import Forgetter
from setu_gateway.learning.lessons import Lessons
from setu_gateway.pipeline.advance import Advancer
from setu_gateway.pipeline.erasure import Eraser
from setu_gateway.pipeline.kinds import Advanced, AdvanceRequest
from setu_gateway.pipeline.ports import OperationsPort, Ports
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord, StageKey
from setu_gateway.service import Jobs
from setu_gateway.settings import PipelineSettings
from setu_gateway.testing.fakes import FakeService, FakeWork
from setu_gateway.testing.samples import result_of


class NoHints:
    """Tells nobody that there is work."""

    def look(self, queue_name: str) -> None:
        """See ``Hints``."""

    def wake(self, queue_name: str, job_id: UUID) -> None:
        """See ``Hints``."""


class Memory:
    """What jobs taught, as far as it is to be forgotten; see ``JobMemory``."""

    def __init__(self, service: FakeService) -> None:
        self.forgotten: list[UUID] = []
        self._service = service

    async def forget_job(self, tenant: str, job_id: UUID) -> None:  # noqa: ARG002  the memory's signature
        """See ``JobMemory``."""
        if self._service.away:
            raise DependencyUnavailable("The service does not answer.")
        self.forgotten.append(job_id)


class Stand:
    """The pipeline on a real database and store, with services under a test's control.

    What the gateway's own worker does beside the pipeline is not done: its operations are ``own``.
    """

    def __init__(self, database: Database, store: Store, jobs: Jobs) -> None:
        self.database, self.store, self.jobs = database, store, jobs
        self.asr, self.translate, self.enhancer = FakeService(), FakeService(), FakeService()
        self.optimizer, self.gateway = FakeService(), FakeService()
        # Any: hints that nobody takes stand for the broker's.
        hints: Any = NoHints()
        self.own = Operations(database, store, hints, OperationSettings())
        self.memory = Memory(self.optimizer)
        self.ports: dict[str, FakeService] = {
            "asr": self.asr,
            "translate": self.translate,
            "enhancer": self.enhancer,
            "optimizer": self.optimizer,
            "gateway": self.gateway,
        }

    def advancer(self, **settings: float) -> Advancer:
        """The handler, with some settings changed."""
        changed = PipelineSettings().model_copy(update=settings)
        return Advancer(
            database=self.database,
            ports=self.ports,
            eraser=self.eraser(),
            pipeline=PIPELINE,
            settings=changed,
            lessons=Lessons(self.own, PIPELINE, changed),
        )

    def eraser(self, **ports: OperationsPort) -> Eraser:
        """What erases jobs, with some ports changed."""
        forgetter = Forgetter(
            database=self.database, store=self.store, operations=self.own, optimizer=self.optimizer, memory=self.memory
        )
        changed: Ports = {**self.ports, **ports}
        return Eraser(database=self.database, store=self.store, ports=changed, pipeline=PIPELINE, forgetter=forgetter)

    async def accept(self, *targets: str, url: str | None = None) -> JobRecord:
        """A new job of a recording, or of a URL where one lies."""
        media = await self.store.put("local", b"media", "video/mp4") if url is None else None
        request = JobRequest(media_url=url, target_languages=targets)
        return await self.jobs.accept("local", Upload(request, "talk.mp4", media), None)

    async def accept_profiled(self, *targets: str) -> JobRecord:
        """A new job that is being transcribed."""
        job = await self.accept_planned_for(*targets)
        self.end_all()
        await self.advance(job)
        return job

    async def accept_planned_for(self, *targets: str) -> JobRecord:
        """A new job that waits for its plan."""
        job = await self.accept(*targets)
        await self.advance(job)
        self.end_all()
        await self.advance(job)
        return job

    async def advance(self, job: JobRecord, *, run: int = 1, **settings: float) -> Advanced | Park:
        """Move it on as far as it goes now."""
        return await self.advancer(**settings)(AdvanceRequest(job_id=job.id, run=run), FakeWork(job_id=job.id))

    async def states(self, job: JobRecord) -> dict[StageKey, StageState]:
        """Where its stages stand."""
        return {stage.key: stage.state for stage in (await self.jobs.get("local", job.id)).stages}

    def operation(self, service: FakeService, target: str = "") -> UUID:
        """The newest operation of a service's for a target."""
        found = [key for key, each in service.submissions.items() if f"/{target}/" in (each.idempotency_key or "")]
        return found[-1]

    def end_all(self, language: str = "fr") -> None:
        """End all that is under way well."""
        for service in self.ports.values():
            for operation_id in service.under_way():
                self.succeed(service, operation_id, language)

    def succeed(self, service: FakeService, operation_id: UUID, language: str = "fr") -> None:
        """End an operation well, with what its stage gives."""
        _, stage, target, *_ = (service.submissions[operation_id].idempotency_key or "").split("/")
        service.succeed(operation_id, result_of(StageKey(stage, target), language))

    async def finish(self, job: JobRecord, *, run: int = 1) -> JobRecord:
        """Move it on until it has ended, with all that it still needs going well."""
        for _ in range(10):
            answer = await self.advance(job, run=run)
            if isinstance(answer, Advanced):
                return await self.jobs.get("local", job.id)
            self.end_all()
        raise AssertionError("the job does not end")
