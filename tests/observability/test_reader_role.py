"""Grafana and KEDA read Postgres with a role that may read what they ask for, and do nothing else."""

import re
from datetime import UTC

import psycopg
import pytest
import yaml
from psycopg.errors import InsufficientPrivilege, OperationalError, ReadOnlySqlTransaction

from observed.asked import sql
from observed.reader import PASSWORD, every_schema, logged_in, prepared, reading
from setu_common.settings import DatabaseSettings
from testbed.sources import ROOT

ALLOWED = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND ({})
"""
READ = "has_any_column_privilege('setu_reader', c.oid, 'SELECT')"
CHANGED = """has_any_column_privilege('setu_reader', c.oid, 'INSERT, UPDATE, REFERENCES')
    OR has_table_privilege('setu_reader', c.oid, 'DELETE, TRUNCATE, TRIGGER')"""


@pytest.fixture
def migrated(cloned_database) -> DatabaseSettings:
    return cloned_database("every_schema", every_schema)


def questions() -> list[str]:
    """All that the role is there to ask."""
    scaled = yaml.safe_load_all((ROOT / "deploy/kubernetes/base/scaling.yaml").read_text())
    triggers = [trigger for each in scaled if each["kind"] == "ScaledObject" for trigger in each["spec"]["triggers"]]
    return [question.text for question in sql()] + [trigger["metadata"]["query"] for trigger in triggers]


def relations(owner: psycopg.Connection, allowed: str) -> set[str]:
    return {name for (name,) in owner.execute(ALLOWED.format(allowed).encode())}


def test_the_role_may_ask_what_panels_and_scalers_ask_and_read_nothing_else(migrated):
    with reading(migrated) as reader, psycopg.connect(migrated.url, autocommit=True) as owner:
        for text in questions():
            reader.execute(text.encode())
        named = {name for text in questions() for name in re.findall(r"(?:FROM|JOIN) (\w+\.\w+)", text)}
        assert relations(owner, READ) == named
        assert relations(owner, CHANGED) == set()
        for forbidden in (
            "SELECT * FROM gateway.api_key",
            "SELECT * FROM gateway.job",
            "SELECT request FROM asr.operation",
            "SELECT * FROM ledger.cost_event",
            "SELECT * FROM pg_authid",
            "SELECT pg_read_file('postgresql.conf')",
        ):
            with pytest.raises(InsufficientPrivilege):
                reader.execute(forbidden)


def test_the_role_writes_nothing_even_where_it_says_that_it_does_not_only_read(migrated):
    with reading(migrated) as reader:
        with pytest.raises(ReadOnlySqlTransaction):
            reader.execute("CREATE TEMPORARY TABLE own (id int)")
        reader.execute("SET default_transaction_read_only = off")
        for forbidden in (
            "UPDATE ledger.budget SET limit_usd = 0",
            "DELETE FROM ledger.job_outcome",
            "UPDATE asr.operation SET state = 'queued'",
            "CREATE TABLE ledger.own (id int)",
            "CREATE TABLE public.own (id int)",
            "CREATE SCHEMA own",
            "CREATE ROLE own",
            "COPY ledger.job_outcome TO PROGRAM 'cat'",
        ):
            with pytest.raises(InsufficientPrivilege):
                reader.execute(forbidden)


def test_made_again_it_has_the_new_password_and_what_it_may_is_what_it_was(migrated):
    with reading(migrated), psycopg.connect(migrated.url, autocommit=True) as owner:
        allowed = relations(owner, READ)
        owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA ledger, gateway TO setu_reader")
        owner.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA ledger GRANT SELECT ON TABLES TO setu_reader")
        assert relations(owner, READ) > allowed
        done = prepared(migrated, SETU_READER_PASSWORD="the next", GRAFANA_ADMIN_PASSWORD="another")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        owner.execute("CREATE TABLE ledger.later (id int)")
        assert relations(owner, READ) == allowed
        assert relations(owner, CHANGED) == set()
        with pytest.raises(OperationalError):
            logged_in(migrated, PASSWORD)
        logged_in(migrated, "the next").close()


@pytest.mark.parametrize("lacking", ["SETU_READER_PASSWORD", "GRAFANA_ADMIN_PASSWORD"])
@pytest.mark.parametrize("told", [{}, {"SETU_READER_PASSWORD": "", "GRAFANA_ADMIN_PASSWORD": ""}], ids=["unset", "empty"])
def test_without_a_password_of_its_own_grafana_does_not_start(database_settings, lacking, told):
    other = {"SETU_READER_PASSWORD": "one", "GRAFANA_ADMIN_PASSWORD": "two"}
    del other[lacking]
    done = prepared(database_settings, **{**told, **other})
    assert done.returncode != 0
    assert f"{lacking}: is not set" in done.stderr
    with psycopg.connect(database_settings.url) as owner:
        assert owner.execute("SELECT FROM pg_roles WHERE rolname = 'setu_reader'").fetchone() is None


def test_days_of_panels_are_days_in_utc_wherever_postgres_thinks_it_is(migrated):
    (by_day,) = [question.text for question in sql() if question.where == "Setu: overview / Jobs by day"]
    assert [text for text in questions() if re.search(r"date_trunc\('day', \w+\)", text)] == []
    with psycopg.connect(migrated.url, autocommit=True) as owner:
        owner.execute("SET TIME ZONE 'Pacific/Kiritimati'")
        owner.execute(
            "INSERT INTO ledger.job_outcome (job_id, tenant, state, degraded, created_at, ended_at, targets) SELECT gen_random_uuid(), "
            "'acme', 'succeeded', false, at, at, '[]' FROM (SELECT date_trunc('day', now(), 'UTC') - interval '1 minute' AS at) AS ended"
        )
        ((day, state, count),) = owner.execute(by_day.encode()).fetchall()
        ((today,),) = owner.execute("SELECT date_trunc('day', now(), 'UTC')").fetchall()
    assert (day.astimezone(UTC).hour, state, count) == (0, "succeeded", 1)
    assert 0 < (today - day).total_seconds() <= 86400
