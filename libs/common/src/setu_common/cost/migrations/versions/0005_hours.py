"""What stages took, hour by hour, which outlives the attempts themselves."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Times fall into buckets that grow by a twentieth each, from a millisecond on, so that percentiles can be told of any hours together. A row
# of stage_hour is some attempts of one hour: rows of the same hour add up, so one that came late is a row more.
_CREATE = """
ALTER TABLE stage_metrics ADD COLUMN rolled boolean NOT NULL DEFAULT false;
CREATE INDEX stage_metrics_unrolled ON stage_metrics (tenant, created_at) WHERE NOT rolled;
CREATE FUNCTION bucket(seconds double precision) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN seconds > 0.001 THEN ceil(ln(seconds) / ln(1.05::double precision)) ELSE -142 END::smallint $$;
CREATE TABLE stage_hour (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    service text NOT NULL,
    stage text NOT NULL,
    hour timestamptz NOT NULL,
    attempts bigint NOT NULL,
    succeeded bigint NOT NULL,
    failed bigint NOT NULL,
    cached bigint NOT NULL,
    wall_s double precision NOT NULL,
    vain_s double precision NOT NULL,
    cpu_s double precision NOT NULL,
    cpu_wall_s double precision NOT NULL,
    queue_wait_s double precision NOT NULL,
    model_load_s double precision NOT NULL,
    audio_s double precision NOT NULL,
    gpu_s double precision NOT NULL,
    gpu_wall_s double precision NOT NULL,
    peak_rss_bytes bigint,
    peak_gpu_bytes bigint,
    duration_buckets smallint[] NOT NULL,
    duration_counts bigint[] NOT NULL,
    wait_buckets smallint[] NOT NULL,
    wait_counts bigint[] NOT NULL
);
CREATE INDEX stage_hour_tenant ON stage_hour (tenant, hour);
CREATE INDEX stage_hour_age ON stage_hour (hour)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
