"""Fixtures for every test in the repository: real servers on loopback, private to the test, and nothing else reachable.

A test gets a database, a key prefix and a store of its own. The servers start once per test process, when first asked for, and end
with it, even if it is killed. Tests can't reach the network, paid services or model hubs; the marker ``models`` opens the model cache.
"""

import gc
import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from setu_cli.embedded.postgres import running_postgres
from setu_cli.embedded.valkey import running_valkey
from setu_common.settings import DatabaseSettings, RedisSettings, StoreSettings, TrustSettings
from testbed import environment
from testbed.folders import folder_of_servers
from testbed.postgres import Databases, Prepare
from testbed.serving import environment_of

CloneDatabase = Callable[[str, Prepare], DatabaseSettings]


# On import, so that it comes before the conftest files further down, whose imports may look.
environment.scrub(os.environ)

# What is imported is never garbage. Measured, looking for some in it again and again took a quarter of the processor's time.
gc.disable()

# How long an example takes says more of the machine than of the code.
hypothesis_settings.register_profile("setu", deadline=None)
hypothesis_settings.load_profile("setu")


def pytest_collection_finish() -> None:
    """Leave out of the search for garbage what is there before the first test, and search less often."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first, by the time that they allow themselves, so that no process is left with one at the end.

    Those of whole processes go by what all of a file allow themselves, or all files that share a stack.
    """
    together_s = Counter[str]()
    for item in filter(is_of_whole_processes, items):
        together_s[scope_of(item.nodeid)] += round(allowed_s(item) or float(item.config.getini("timeout")))

    def length(item: pytest.Item) -> tuple[float, str]:
        if not is_of_whole_processes(item):
            return allowed_s(item), ""
        scope = scope_of(item.nodeid)
        return together_s[scope], scope

    items.sort(key=length, reverse=True)


class ByStack(LoadFileScheduling):  # type: ignore[misc]  # xdist says not how it is typed
    """Tests of a file stay together in one process of the run, and so do those of all files that share a stack."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Schedule files, where that is asked for, by the stacks that they name, in the order of the collection."""
    config.option.loadscopereorder = False
    return ByStack(config, log) if config.getvalue("dist") == "loadfile" else None


def scope_of(nodeid: str) -> str:
    """Return which stack a test shares, or else its file."""
    file = nodeid.partition("::")[0]
    return stack_of(file) or file


@cache
def stack_of(file: str) -> str | None:
    """Return which stack a file of tests says that it shares."""
    named = re.search(r'^STACK = "(\w+)"$', (Path(__file__).parent / file).read_text(), re.MULTILINE)
    return named[1] if named else None


def is_of_whole_processes(item: pytest.Item) -> bool:
    """Return whether a test runs whole processes."""
    return any(item.get_closest_marker(name) for name in ("models", "stack", "chaos"))


def allowed_s(item: pytest.Item) -> float:
    """Return the limit that a test declares, 0 for the usual one."""
    declared = item.get_closest_marker("timeout")
    return float(declared.args[0]) if declared and declared.args else 0


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
def databases() -> Iterator[Databases]:
    """A real Postgres, shared by the tests of this process; it clones databases for them."""
    with folder_of_servers() as folder, running_postgres(folder / "postgres", durable=False) as server:
        yield Databases(server.url)


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """The URL of a real Valkey, shared by the tests of this process."""
    with folder_of_servers() as folder, running_valkey(folder / "valkey") as server:
        yield server.url


@pytest.fixture
def database_settings(databases: Databases) -> Iterator[DatabaseSettings]:
    """An empty database of the test's own."""
    with databases.clone() as settings:
        yield settings


@pytest.fixture
def cloned_database(databases: Databases) -> Iterator[CloneDatabase]:
    """Make databases of the test's own from a template that is prepared once per test process.

    ``cloned_database("asr", lambda settings: migrate(settings, "asr", VERSIONS))`` migrates on the first call, and copies afterwards.
    """
    with ExitStack() as stack:

        def clone(template: str, prepare: Prepare) -> DatabaseSettings:
            return stack.enter_context(databases.clone(databases.template(template, prepare)))

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


@pytest.fixture
def service_environment(
    database_settings: DatabaseSettings, redis_settings: RedisSettings, store_settings: StoreSettings, service_token: SecretStr
) -> dict[str, str]:
    """What the processes of a service find in their environment; for `testbed.serving.served`."""
    return environment_of(database_settings, redis_settings, store_settings, service_token)
