"""Calls that cost, budgets, and what stages took."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE call_intent (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    service text NOT NULL,
    job_id uuid,
    stage text NOT NULL,
    target text NOT NULL,
    operation_id uuid,
    attempt integer NOT NULL,
    provider text NOT NULL,
    model text NOT NULL,
    bound jsonb NOT NULL,
    bound_usd numeric,
    price_source text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX call_intent_tenant ON call_intent (tenant, created_at);
CREATE INDEX call_intent_job ON call_intent (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX call_intent_operation ON call_intent (operation_id) WHERE operation_id IS NOT NULL;
CREATE TABLE cost_event (
    call_id uuid PRIMARY KEY REFERENCES call_intent ON DELETE CASCADE,
    tenant text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('ok', 'failed', 'aborted', 'cached')),
    usage jsonb NOT NULL,
    usd numeric,
    price_source text NOT NULL,
    duration_s double precision NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE budget (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    job_id uuid,
    limit_usd numeric NOT NULL CHECK (limit_usd >= 0),
    period date NOT NULL,
    committed_usd numeric NOT NULL DEFAULT 0,
    alerted_at timestamptz,
    exhausted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX budget_owner ON budget (tenant, coalesce(job_id, '00000000-0000-0000-0000-000000000000'));
CREATE TABLE reservation (
    call_id uuid NOT NULL REFERENCES call_intent ON DELETE CASCADE,
    budget_id uuid NOT NULL REFERENCES budget ON DELETE CASCADE,
    tenant text NOT NULL,
    period date NOT NULL,
    usd numeric NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (call_id, budget_id)
);
CREATE INDEX reservation_budget ON reservation (budget_id) WHERE settled_at IS NULL;
CREATE TABLE stage_metrics (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    service text NOT NULL,
    job_id uuid,
    stage text NOT NULL,
    target text NOT NULL,
    operation_id uuid NOT NULL,
    attempt integer NOT NULL,
    outcome text NOT NULL,
    problem text,
    wall_s double precision NOT NULL,
    cpu_s double precision NOT NULL,
    peak_rss_bytes bigint,
    queue_wait_s double precision NOT NULL,
    bytes_in bigint NOT NULL,
    bytes_out bigint NOT NULL,
    cached boolean NOT NULL,
    model text,
    model_load_s double precision,
    model_time_s double precision,
    audio_s double precision,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stage_metrics_stage ON stage_metrics (stage, created_at);
CREATE INDEX stage_metrics_job ON stage_metrics (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX stage_metrics_tenant ON stage_metrics (tenant, created_at);
CREATE VIEW call AS
SELECT i.*, coalesce(e.outcome, 'unresolved') AS outcome, e.usage, e.duration_s, e.created_at AS settled_at,
    CASE WHEN e.call_id IS NULL THEN i.bound_usd ELSE e.usd END AS usd,
    CASE WHEN e.call_id IS NULL THEN i.bound_usd IS NULL ELSE e.usd IS NULL END AS unpriced
FROM call_intent i LEFT JOIN cost_event e ON e.call_id = i.id
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
