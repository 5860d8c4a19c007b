"""A job's media may be fetched after the job is accepted; a stage may go another way when its first one fails."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CHANGE = """
ALTER TABLE job
    ALTER COLUMN media_uri DROP NOT NULL,
    ALTER COLUMN media_bytes DROP NOT NULL,
    ALTER COLUMN media_type DROP NOT NULL,
    ADD CONSTRAINT job_media_whole CHECK (num_nulls(media_uri, media_bytes, media_type) IN (0, 3));
ALTER TABLE stage ADD COLUMN detour jsonb
"""


def upgrade() -> None:
    for statement in _CHANGE.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("jobs without media have no place in the schema before; restore the backup of that release")
