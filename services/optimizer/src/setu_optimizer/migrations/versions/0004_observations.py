"""What came of jobs, what people's corrections said of it, and when a model was trained from that."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE observation (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant text NOT NULL,
    source text NOT NULL CHECK (source IN ('job', 'history', 'second-candidate')),
    recording text NOT NULL,
    job_id uuid,
    work text NOT NULL,
    language text NOT NULL,
    profile jsonb NOT NULL,
    probe jsonb,
    plan jsonb NOT NULL,
    candidate jsonb NOT NULL,
    prediction jsonb,
    duration_s double precision NOT NULL,
    model_time_s double precision,
    expected_wer double precision,
    expected_time_s double precision,
    signals jsonb,
    estimated_wer double precision,
    wer double precision,
    wer_basis text CHECK (wer_basis IN ('known', 'estimated')),
    weight real NOT NULL DEFAULT 0,
    disagreement double precision,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, recording, source),
    CHECK ((wer IS NULL) = (wer_basis IS NULL))
);
CREATE INDEX observation_job ON observation (tenant, job_id);
CREATE INDEX observation_newest ON observation (created_at DESC);
CREATE TABLE correction (
    tenant text NOT NULL,
    job_id uuid NOT NULL,
    wer double precision NOT NULL,
    words integer NOT NULL,
    substitutions integer NOT NULL,
    deletions integer NOT NULL,
    insertions integer NOT NULL,
    covered_ratio double precision NOT NULL,
    stretches jsonb NOT NULL,
    corrected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, job_id)
);
CREATE TABLE retraining (
    id uuid PRIMARY KEY,
    trained_at timestamptz NOT NULL DEFAULT now(),
    champion text NOT NULL,
    challenger text NOT NULL,
    observations integer NOT NULL,
    examples integer NOT NULL,
    held integer NOT NULL,
    promoted boolean NOT NULL,
    verdict text NOT NULL
);
CREATE INDEX retraining_newest ON retraining (trained_at DESC)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
