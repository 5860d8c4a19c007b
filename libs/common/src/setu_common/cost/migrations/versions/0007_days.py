"""Hours that were added up are added up by the day as well, since months are asked for by the day."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE stage_day (LIKE stage_hour INCLUDING IDENTITY);
ALTER TABLE stage_day RENAME COLUMN hour TO day;
ALTER TABLE stage_day ADD PRIMARY KEY (id);
CREATE INDEX stage_day_tenant ON stage_day (tenant, day);
CREATE INDEX stage_day_age ON stage_day (day);
ALTER TABLE stage_hour ADD COLUMN rolled boolean NOT NULL DEFAULT false;
CREATE INDEX stage_hour_unrolled ON stage_hour (tenant, hour) WHERE NOT rolled
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
