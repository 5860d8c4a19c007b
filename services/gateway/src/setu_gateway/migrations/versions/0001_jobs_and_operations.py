"""Jobs, their stages, and the gateway's own operations."""

from alembic import op

from setu_common.operations.migration import create_operation_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Frozen as of the first release: later changes are migrations of their own, written against this text.
_CREATE = """
CREATE TABLE job (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')),
    version integer NOT NULL DEFAULT 1,
    run integer NOT NULL DEFAULT 1,
    request jsonb NOT NULL,
    media_name text NOT NULL,
    media_uri text NOT NULL,
    media_bytes bigint NOT NULL,
    media_type text NOT NULL,
    idempotency_key text,
    body_sha256 text NOT NULL,
    progress double precision NOT NULL DEFAULT 0,
    source_language text,
    degraded jsonb NOT NULL DEFAULT '[]',
    delivered jsonb NOT NULL DEFAULT '[]',
    problem jsonb,
    objects text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    purge_asked_at timestamptz,
    CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX job_idempotency ON job (tenant, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX job_newest ON job (tenant, created_at DESC, id DESC);
CREATE INDEX job_newest_in_state ON job (tenant, state, created_at DESC, id DESC);
CREATE INDEX job_objects ON job USING gin (objects);
CREATE TABLE stage (
    job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    stage text NOT NULL,
    target text NOT NULL DEFAULT '',
    tenant text NOT NULL,
    position integer NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'succeeded', 'failed', 'skipped', 'cancelled')),
    run integer NOT NULL DEFAULT 1,
    operation_id uuid,
    progress double precision NOT NULL DEFAULT 0,
    note text NOT NULL DEFAULT '',
    result jsonb,
    problem jsonb,
    started_at timestamptz,
    ended_at timestamptz,
    model_time_s double precision,
    unreachable_since timestamptz,
    former_operations uuid[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (job_id, stage, target)
) WITH (fillfactor = 70)
"""


def upgrade() -> None:
    create_operation_table()
    for statement in _CREATE.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the first migration has nothing before it; drop the schema instead")
