"""Money and time: what calls cost, what budgets allow, what stages take. Amounts are US dollars, in decimals."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from setu_common.contracts.contract import View


class StageMetrics(View):
    """What one attempt at one operation took."""

    tenant: str
    service: str
    job_id: UUID | None = None
    stage: str = Field(description="The kind of operation")
    target: str = Field(default="", description="The language that it was done for")
    operation_id: UUID
    attempt: int = Field(ge=1)
    outcome: str = Field(
        description="succeeded, failed (for good, or to be tried again) or stopped (cancelled, or handed back)"
    )
    problem: str | None = Field(default=None, description="The code of what went wrong")
    wall_s: float = Field(ge=0)
    cpu_s: float = Field(ge=0, description="Of the process and of the processes that it waited for")
    peak_rss_bytes: int | None = Field(default=None, ge=0)
    queue_wait_s: float = Field(ge=0, description="From when it could have been done to when it was begun")
    bytes_in: int = Field(ge=0, description="Of the objects that the request names")
    bytes_out: int = Field(ge=0, description="Of the objects that the result names")
    cached: bool = Field(default=False, description="Its result was taken from earlier work")
    model: str | None = None
    model_load_s: float | None = Field(default=None, ge=0)
    model_time_s: float | None = Field(default=None, ge=0)
    audio_s: float | None = Field(default=None, ge=0, description="How much sound it was about")
    created_at: datetime | None = None

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of sound."""
        return self.wall_s / self.audio_s if self.audio_s else None
