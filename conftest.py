"""Fixtures for every test in the repository: real servers on loopback, private to the test, and nothing else reachable.

A test gets a database, a key prefix and a store of its own. The servers start once per test process, when first asked for, and end
with it, even if it is killed. Tests can't reach the network, paid services or model hubs; the marker ``models`` opens the model cache.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from setu_common.settings import DatabaseSettings, RedisSettings, StoreSettings, TrustSettings
from testbed import environment, postgres, valkey

CloneDatabase = Callable[[str, postgres.Prepare], DatabaseSettings]


def pytest_configure() -> None:
    environment.scrub(os.environ)


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.get_closest_marker("models"):
        item.add_marker("enable_socket")


@pytest.fixture(autouse=True)
def _models_only_when_marked(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep tests from loading real models unless they say that they do."""
    if request.node.get_closest_marker("models"):
        monkeypatch.setenv("SETU_MODELS_OFFLINE", "false")
    else:
        monkeypatch.setenv("SETU_MODELS_FOLDER", str(tmp_path_factory.getbasetemp() / "no-models"))


@pytest.fixture(scope="session")
def _server_folder() -> Iterator[Path]:
    """A short path that the unprivileged user of Postgres may enter (pytest's own folders are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="setu-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres_server(_server_folder: Path) -> Iterator[postgres.Server]:
    """A real Postgres, shared by the tests of this process."""
    folder = _server_folder / "postgres"
    folder.mkdir()
    with postgres.running(folder) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_url(_server_folder: Path) -> Iterator[str]:
    """The URL of a real Valkey, shared by the tests of this process."""
    folder = _server_folder / "valkey"
    folder.mkdir()
    with valkey.running(folder) as url:
        yield url


@pytest.fixture
def database_settings(postgres_server: postgres.Server) -> Iterator[DatabaseSettings]:
    """An empty database of the test's own."""
    with postgres_server.database() as settings:
        yield settings


@pytest.fixture
def cloned_database(postgres_server: postgres.Server) -> Iterator[CloneDatabase]:
    """Make databases of the test's own from a template that is prepared once per test process.

    ``cloned_database("asr", lambda settings: migrate(settings, "asr", VERSIONS))`` migrates on the first call, and copies afterwards.
    """
    with ExitStack() as stack:

        def clone(template: str, prepare: postgres.Prepare) -> DatabaseSettings:
            return stack.enter_context(postgres_server.database(postgres_server.template(template, prepare)))

        yield clone


@pytest.fixture
def redis_settings(valkey_url: str) -> RedisSettings:
    """A real Valkey, with a key prefix of the test's own."""
    return RedisSettings(url=valkey_url, key_prefix=f"test-{secrets.token_hex(6)}:")


@pytest.fixture
def store_settings(tmp_path: Path) -> StoreSettings:
    """An object store in a folder of the test's own."""
    folder = tmp_path / "store"
    folder.mkdir()
    return StoreSettings(url=f"file://{folder}", durable=False)


@pytest.fixture(scope="session")
def service_token() -> SecretStr:
    """The token that services show each other."""
    return SecretStr(secrets.token_urlsafe(24))


@pytest.fixture
def trust_settings(service_token: SecretStr) -> TrustSettings:
    """What an inside service accepts: ``service_token``."""
    return TrustSettings(service_token=service_token)
