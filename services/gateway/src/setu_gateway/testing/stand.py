"""The pipeline on a real database, moved on step by step."""

from uuid import UUID

from setu_common.contracts import JobRequest, StageState
from setu_common.db import Database
from setu_common.operations import Park
from setu_common.store import Store
from setu_gateway.intake.upload import Upload
from setu_gateway.pipeline.advance import Advancer
from setu_gateway.pipeline.erasure import Eraser
from setu_gateway.pipeline.kinds import Advanced, AdvanceRequest
from setu_gateway.pipeline.stages import PIPELINE
from setu_gateway.records import JobRecord, StageKey
from setu_gateway.service import Jobs
from setu_gateway.settings import PipelineSettings
from setu_gateway.testing.fakes import FakeService, FakeWork
from setu_gateway.testing.samples import result_of


class Stand:
    """The pipeline on a real database and store, with services under a test's control."""

    def __init__(self, database: Database, store: Store, jobs: Jobs) -> None:
        self.database, self.store, self.jobs = database, store, jobs
        self.asr, self.translate, self.enhancer, self.gateway = FakeService(), FakeService(), FakeService(), FakeService()
        self.ports: dict[str, FakeService] = {
            "asr": self.asr,
            "translate": self.translate,
            "enhancer": self.enhancer,
            "gateway": self.gateway,
        }

    def advancer(self, **settings: float) -> Advancer:
        """The handler, with some settings changed."""
        eraser = Eraser(database=self.database, store=self.store, ports=self.ports, pipeline=PIPELINE)
        return Advancer(
            database=self.database,
            ports=self.ports,
            eraser=eraser,
            pipeline=PIPELINE,
            settings=PipelineSettings().model_copy(update=settings),
        )

    async def accept(self, *targets: str, url: str | None = None) -> JobRecord:
        """A new job of a recording, or of a URL where one lies."""
        media = await self.store.put("local", b"media", "video/mp4") if url is None else None
        request = JobRequest(media_url=url, target_languages=targets)
        return await self.jobs.accept("local", Upload(request, "talk.mp4", media), None)

    async def accept_profiled(self, *targets: str) -> JobRecord:
        """A new job that is being transcribed."""
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
