"""The servers of the embedded stack: real, closed to others, and keeping what they were given."""

import os
import pwd
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from setu_cli.embedded.account import unprivileged_account
from setu_cli.embedded.postgres import prepare_postgres, running_postgres
from setu_cli.embedded.valkey import running_valkey
from setu_cli.failures import StackFailed
from toystack.watching import running_in

pytestmark = pytest.mark.stack


def test_postgres_keeps_its_data_and_leaves_no_process(tmp_path):
    for expected in (0, 1):
        with running_postgres(tmp_path / "pg", durable=False) as server, psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (id int)")
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (expected,)
            connection.execute("INSERT INTO kept VALUES (1)")
        assert running_in(tmp_path) == []


def test_postgres_is_durable_unless_told_otherwise_and_has_room_for_a_stack(tmp_path):
    with running_postgres(tmp_path / "pg") as server, psycopg.connect(server.url) as connection:
        settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
    assert (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) == ("on", "on", "on")
    assert int(settings["max_connections"]) >= 100
    assert settings["server_encoding"] == "UTF8"


def test_postgres_is_not_root_listens_on_loopback_alone_and_wants_its_password(tmp_path):
    with running_postgres(tmp_path / "pg", durable=False) as server:
        (postmaster,) = (
            process for process in psutil.process_iter(["cmdline"]) if f"port={server.port}" in (process.info["cmdline"] or ())
        )
        assert postmaster.uids().effective != 0
        assert {address.laddr.ip for address in postmaster.net_connections()} == {"127.0.0.1"}
        assert (tmp_path / "pg" / "password").stat().st_mode & 0o077 == 0
        for wrong in ("", "guess"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(server.url.replace(server.password, wrong))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can't run Postgres as itself")
def test_postgres_runs_in_a_folder_that_is_closed_to_its_account_and_leaves_it_closed(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    account = unprivileged_account([closed])
    assert account is not None
    assert account.passes_closed_folders
    with running_postgres(closed / "pg", durable=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert closed.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_an_account_keeps_no_capability_that_it_does_not_need():
    account = unprivileged_account([Path("/"), Path("/tmp")])
    assert account is not None
    assert account.uid == pwd.getpwnam("nobody").pw_uid
    assert not account.passes_closed_folders


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_where_no_account_can_enter_it_is_said_which_folder_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("setu_cli.embedded.account._may_lend_override", lambda: False)
    tmp_path.chmod(0o700)
    with pytest.raises(StackFailed, match=r"may not enter .*--home"):
        prepare_postgres(tmp_path / "pg")


def test_a_data_folder_of_another_version_is_refused_with_what_to_do(tmp_path):
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(StackFailed, match="made by PostgreSQL 12"):
        prepare_postgres(tmp_path / "pg")


def test_a_data_folder_whose_password_is_gone_is_refused(tmp_path):
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    if (account := unprivileged_account([])) is not None:
        os.chown(data, account.uid, account.gid)
    with pytest.raises(StackFailed, match="password"):
        prepare_postgres(tmp_path / "pg")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_data_folder_of_another_user_is_refused(tmp_path):
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    os.chown(data, 12345, 12345)
    with pytest.raises(StackFailed, match="belongs to user 12345"):
        prepare_postgres(tmp_path / "pg")


def test_a_half_made_data_folder_is_made_anew(tmp_path):
    half = tmp_path / "pg" / "data.new"
    half.mkdir(parents=True)
    (half / "junk").touch()
    with running_postgres(tmp_path / "pg", durable=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_valkey_keeps_its_data_wants_its_password_and_leaves_no_process(tmp_path):
    with running_valkey(tmp_path / "vk") as server:
        redis.Redis.from_url(server.url).set("kept", "yes")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port).ping()
        assert (tmp_path / "vk" / "valkey.conf").stat().st_mode & 0o077 == 0
        told = [word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or ()]
        assert not any(server.password in word for word in told)  # others can read command lines
    assert running_in(tmp_path) == []
    with running_valkey(tmp_path / "vk") as server:
        assert redis.Redis.from_url(server.url).get("kept") == b"yes"
