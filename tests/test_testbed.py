"""The ground that the tests stand on holds."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest
import redis

from setu_common.settings import DatabaseSettings, RedisSettings, StoreSettings, TrustSettings
from testbed import environment


def test_each_test_gets_an_empty_database_of_its_own(database_settings, postgres_server):
    with psycopg.connect(database_settings.url) as connection:
        connection.execute("CREATE TABLE here (x int)")
    with postgres_server.database() as other, psycopg.connect(other.url) as connection:
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
    script = """
import os, sys, time
from pathlib import Path
from testbed import postgres, valkey
folder = Path(sys.argv[1])
with postgres.running(folder) as server, valkey.running(folder) as url:
    print(server.port, url.rsplit(":", 1)[1].split("/")[0], flush=True)
    time.sleep(60)
"""
    folder = Path(tempfile.mkdtemp(prefix="setu-test-"))
    folder.chmod(0o755)
    path = os.pathsep.join(filter(None, sys.path))
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        ports = process.stdout.readline().split()
        assert len(ports) == 2
        process.send_signal(signal.SIGKILL)
    left = -1
    for _ in range(100):
        left = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, check=False).stdout.count(b"\n")
        if not left:
            break
        time.sleep(0.05)
    shutil.rmtree(folder)
    assert left == 0
