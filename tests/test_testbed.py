"""The ground that the tests stand on holds."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from setu_common.settings import DatabaseSettings, RedisSettings, StoreSettings, TrustSettings
from testbed import environment
from testbed.ports import part_of
from testbed.sources import ROOT


def test_each_test_gets_an_empty_database_of_its_own(database_settings, databases):
    with psycopg.connect(database_settings.url) as connection:
        connection.execute("CREATE TABLE here (x int)")
    with databases.clone() as other, psycopg.connect(other.url) as connection:
        assert connection.execute("SELECT to_regclass('here')").fetchone() == (None,)


def test_a_template_is_prepared_once_and_its_clones_are_independent(cloned_database):
    prepared = []

    def prepare(settings: DatabaseSettings) -> None:
        prepared.append(settings)
        with psycopg.connect(settings.url) as connection:
            connection.execute("CREATE TABLE here (x int)")

    first, second = cloned_database("testbed", prepare), cloned_database("testbed", prepare)
    with psycopg.connect(first.url) as connection:
        connection.execute("INSERT INTO here VALUES (1)")
    with psycopg.connect(second.url) as connection:
        assert connection.execute("SELECT count(*) FROM here").fetchone() == (0,)
    assert len(prepared) == 1


def test_processes_of_a_run_take_their_ports_from_parts_that_have_none_in_common():
    parts = [
        part_of({"PYTEST_XDIST_WORKER": f"gw{number}", "PYTEST_XDIST_WORKER_COUNT": "3"}, 20000, 32767) for number in range(3)
    ]
    assert parts == [(20000, 24255), (24256, 28511), (28512, 32767)]
    assert part_of({}, 20000, 32767) == (20000, 32767)


def test_redis_answers(redis_settings):
    with redis.Redis.from_url(redis_settings.url) as client:
        client.set(redis_settings.key_prefix + "x", "1")
        assert client.get(redis_settings.key_prefix + "x") == b"1"


def test_the_network_beyond_loopback_is_blocked():
    with pytest.warns(UserWarning, match="allowed"), pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_paid_keys_and_own_settings_are_scrubbed():
    seen = {
        "OPENAI_API_KEY": "sk",
        "ANTHROPIC_API_KEY": "sk",
        "HF_TOKEN": "hf",
        "GEMINI_API_KEY": "g",
        "DATABASE_URL": "x",
        "PATH": "/bin",
    }
    environment.scrub(seen)
    assert seen == {"PATH": "/bin", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "SETU_MODELS_OFFLINE": "true"}
    assert "OPENAI_API_KEY" not in os.environ


def test_settings_fixtures_are_ready_to_use(store_settings, trust_settings, service_token):
    assert isinstance(store_settings, StoreSettings)
    assert isinstance(trust_settings, TrustSettings)
    assert len(service_token.get_secret_value()) >= 16
    assert RedisSettings().url == "redis://127.0.0.1:6379/0"


def test_servers_end_with_a_killed_test_process(tmp_path: Path):
    test = tmp_path / "test_killed.py"
    test.write_text("import os\n\ndef test_killed(database_settings, redis_settings):\n    os.kill(os.getpid(), 9)\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
    ]
    killed = subprocess.run(
        [*command, f"--rootdir={tmp_path}", test],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout.decode()
    assert list(tmp_path.glob("setu-test-*/postgres/data")), "the servers had been started"
    _, left = psutil.wait_procs(processes_in(tmp_path), timeout=30)
    assert left == []


def processes_in(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if folder in Path(process.cwd()).parents:
                found.append(process)
    return found
