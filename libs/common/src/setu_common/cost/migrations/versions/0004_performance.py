"""What stages held of memory and GPU, and how jobs ended."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CREATE = """
ALTER TABLE stage_metrics ADD COLUMN mean_rss_bytes bigint, ADD COLUMN gpu_percent double precision,
    ADD COLUMN peak_gpu_bytes bigint;
CREATE TABLE job_outcome (
    job_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    state text NOT NULL,
    degraded boolean NOT NULL,
    problem text,
    audio_s double precision,
    created_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    targets jsonb NOT NULL,
    expected_time_s double precision
);
CREATE INDEX job_outcome_tenant ON job_outcome (tenant, ended_at);
CREATE INDEX job_outcome_ended ON job_outcome (ended_at)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
