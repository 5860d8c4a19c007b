"""What became of each line of a translation, as the enhancer wrote it down."""

from setu_common.contracts import EnhancedTranscript, EnhancementResult, Reference, StageState, UsedGlossary
from setu_common.store import Store
from setu_gateway.errors import EnhancementMissing
from setu_gateway.records import JobRecord, StageRecord

ENHANCE = "enhance"


class Audits:
    """Reads the audits of jobs.

    All methods raise ``EnhancementMissing``, saying why, where there is none.

    Args:
        store: has what the enhancer wrote.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def report(self, job: JobRecord, language: str) -> bytes:
        """An ``EnhancedTranscript`` as JSON."""
        return await self._store.read(_there(result_of(job, language).report, job, language))

    async def page(self, job: JobRecord, language: str) -> bytes:
        """The same as a page of HTML."""
        return await self._store.read(_there(result_of(job, language).page, job, language))

    async def glossary(self, job: JobRecord, language: str) -> UsedGlossary:
        """The names and terms that lines were edited by."""
        report = EnhancedTranscript.model_validate_json(await self.report(job, language))
        return UsedGlossary(
            source_language=report.source_language,
            target_language=report.target_language,
            sha256=report.glossary_sha256,
            entries=report.glossary,
        )


def result_of(job: JobRecord, language: str) -> EnhancementResult:
    """What the enhancer answered for a language of a job.

    Raises:
        EnhancementMissing: it did not, and why not.
    """
    stage = next((stage for stage in job.stages if stage.key == (ENHANCE, language)), None)
    if stage is None:
        asked = ", ".join(job.request.target_languages) or "none"
        raise EnhancementMissing(f"This job translates into these languages: {asked}. Ask for one of them.")
    if stage.state is not StageState.SUCCEEDED or stage.result is None:
        raise EnhancementMissing(_why(stage), state=stage.state.value)
    return EnhancementResult.model_validate(stage.result)


def _why(stage: StageRecord) -> str:
    match stage.state:
        case StageState.SKIPPED:
            return f"The translation was not edited: {stage.note.rstrip('.')}."
        case StageState.FAILED:
            reason = stage.problem.detail or stage.problem.title if stage.problem else "it did not say why"
            return f"The translation was not edited, since its stage failed: {reason}"
        case StageState.CANCELLED:
            return "The job was cancelled before the translation was edited."
        case _:
            return "The translation is not edited yet. Follow GET /jobs/{id}/events, or ask again later."


def _there(reference: Reference | None, job: JobRecord, language: str) -> Reference:
    if reference is None:
        raise EnhancementMissing(f"No audit was written of {language!r} of job {job.id}.")
    return reference
