"""How long each way to transcribe takes on each machine."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE calibration (
    machine text NOT NULL,
    said text NOT NULL,
    engine text NOT NULL,
    model text NOT NULL,
    beam_size integer NOT NULL,
    batch_size integer NOT NULL,
    compute_type text NOT NULL,
    time_factor double precision NOT NULL CHECK (time_factor > 0),
    measured_at timestamptz NOT NULL,
    PRIMARY KEY (machine, engine, model, beam_size, batch_size, compute_type)
)
"""


def upgrade() -> None:
    op.execute(_CREATE)
