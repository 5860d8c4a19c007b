"""The operation table's part of a service's first migration."""

from alembic import op

# Frozen as of the first release: later changes are migrations of their own, written against this text.
_CREATE = """
CREATE TABLE operation (
    id uuid PRIMARY KEY,
    tenant text NOT NULL,
    kind text NOT NULL,
    queue text NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')),
    version integer NOT NULL DEFAULT 1,
    priority integer NOT NULL DEFAULT 0,
    job_id uuid,
    idempotency_key text,
    request jsonb NOT NULL,
    request_sha256 text NOT NULL,
    result jsonb,
    problem jsonb,
    objects text[] NOT NULL DEFAULT '{}',
    reply_to text,
    progress double precision NOT NULL DEFAULT 0,
    note text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    losses integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    timeout_s double precision NOT NULL,
    token integer NOT NULL DEFAULT 0,
    wakes integer NOT NULL DEFAULT 0,
    worker text,
    pid integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    not_before timestamptz NOT NULL DEFAULT now(),
    asleep boolean NOT NULL DEFAULT false,
    started_at timestamptz,
    claimed_at timestamptz,
    lease_until timestamptz,
    deadline_at timestamptz,
    ended_at timestamptz,
    CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK ((state IN ('running', 'cancelling')) = (lease_until IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX operation_waiting ON operation (queue, tenant, priority DESC, created_at, id) WHERE state = 'queued' AND NOT asleep;
CREATE INDEX operation_asleep ON operation (queue, not_before) WHERE state = 'queued' AND asleep;
CREATE INDEX operation_turn ON operation (queue, tenant, claimed_at);
CREATE INDEX operation_held ON operation (worker) WHERE state IN ('running', 'cancelling');
CREATE UNIQUE INDEX operation_idempotency ON operation (tenant, kind, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX operation_job ON operation (job_id);
CREATE INDEX operation_ended ON operation (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX operation_objects ON operation USING gin (objects) WHERE objects <> '{}'
"""


def create_operation_table() -> None:
    """Create the table and its indexes in the schema that the search path names first."""
    for statement in _CREATE.split(";\n"):
        op.execute(statement)


# Without the rows that were never claimed it is of no use to whoever looks for the rows that wait: they were once planned to be read
# through it, all of them for each claim.
_NARROW_TURN = """
DROP INDEX operation_turn;
CREATE INDEX operation_turn ON operation (queue, tenant, claimed_at) WHERE claimed_at IS NOT NULL
"""


def narrow_operation_turn() -> None:
    """Keep in the index of last claims those rows alone that have one."""
    for statement in _NARROW_TURN.split(";\n"):
        op.execute(statement)


_ADD_PARTS = """
ALTER TABLE operation ADD COLUMN parent_id uuid REFERENCES operation ON DELETE CASCADE;
CREATE INDEX operation_parts ON operation (parent_id) WHERE parent_id IS NOT NULL
"""


def add_operation_parts() -> None:
    """Let an operation be a part of another."""
    for statement in _ADD_PARTS.split(";\n"):
        op.execute(statement)


# What has ended keeps the moment of the migration: whoever looks for the beginning of its job goes by when it was made, if that is earlier.
_ADD_AGE_OF_WORK = """
ALTER TABLE operation ADD COLUMN begun_at timestamptz NOT NULL DEFAULT now();
UPDATE operation SET begun_at = created_at WHERE ended_at IS NULL;
DROP INDEX operation_waiting;
CREATE INDEX operation_waiting ON operation (queue, tenant, priority DESC, begun_at, created_at, id) WHERE state = 'queued' AND NOT asleep
"""


def add_operation_age_of_work() -> None:
    """Let rows be claimed by the age of the work that they belong to."""
    for statement in _ADD_AGE_OF_WORK.split(";\n"):
        op.execute(statement)
