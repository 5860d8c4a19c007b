"""Names, terms and edits are remembered across episodes, with who says so and what people decided."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CREATE = """
CREATE TABLE known_scope (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant text NOT NULL,
    level text NOT NULL CHECK (level IN ('series', 'title', 'director', 'genre')),
    key text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, level, key)
);
CREATE TABLE known_entry (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant text NOT NULL,
    scope_id uuid NOT NULL REFERENCES known_scope (id),
    source_language text NOT NULL,
    target_language text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('name', 'term', 'edit')),
    source_key text NOT NULL,
    target_key text NOT NULL,
    sources text[] NOT NULL,
    target text NOT NULL,
    accepted text[] NOT NULL DEFAULT '{}',
    gender text CHECK (gender IN ('female', 'male')),
    verdict text CHECK (verdict IN ('accepted', 'vetoed')),
    verdict_by text NOT NULL DEFAULT '',
    verdict_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (scope_id, source_language, target_language, kind, source_key, target_key),
    CHECK ((verdict IS NULL) = (verdict_at IS NULL))
);
CREATE INDEX known_entry_newest ON known_entry (tenant, created_at DESC, id DESC);
CREATE TABLE known_evidence (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id uuid NOT NULL REFERENCES known_entry (id) ON DELETE CASCADE,
    tenant text NOT NULL,
    provenance text NOT NULL CHECK (provenance IN ('human-correction', 'caller', 'glossary', 'tmdb', 'machine')),
    origin text NOT NULL,
    job_id uuid,
    work text NOT NULL,
    weight real NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (entry_id, provenance, origin, job_id)
);
CREATE INDEX known_evidence_job ON known_evidence (tenant, job_id)
"""


def upgrade() -> None:
    for statement in _CREATE.split(";\n"):
        op.execute(statement)
