"""What a stack consists of: a declared list of processes, each with what it needs and how one knows that it is ready."""

import secrets
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from setu_cli.embedded.home import Home
from setu_cli.embedded.launch import Launch
from setu_cli.embedded.ports import LOOPBACK, free_port
from setu_cli.embedded.postgres import prepare_postgres
from setu_cli.embedded.probes import Answering, Asking, Probe, Touching
from setu_cli.embedded.valkey import prepare_valkey

BACKGROUND_NICE: Final = 10
"""What computes gives way to what answers."""
_API_GRACE_S = 13.0
"""Longer than the 10 s that an API gives to the requests under way."""
_WORKER_GRACE_S = 20.0
"""Longer than OperationSettings.shutdown_grace_s, after which running work is handed back."""
_SERVICE_READY_TIMEOUT_S = 120.0
SPEECH_MODEL: Final = "whisper-base"
LANGUAGE_MODEL: Final = "gemma3-270m"
"""Small ones that come as packages."""
_MODEL_READY_TIMEOUT_S = 1800.0
"""The first start may fetch models."""


@dataclass(frozen=True)
class Service:
    """A service of Setu, as its package has it: ``setu_<name>.migrate``, ``.main`` and its workers.

    Args:
        name: of the service.
        workers: what each of its workers is called, and its module.
    """

    name: str
    workers: tuple[tuple[str, str], ...] = (("worker", "worker"),)

    @property
    def package(self) -> str:
        """The package's import name."""
        return f"setu_{self.name}"


GATEWAY = "gateway"
MIGRATE: Final = "migrate"
_MIGRATING: Final = "setu_cli.embedded.migrating"
_SHARED: Final = (
    "setu_common.web",
    "setu_common.operations",
    "setu_common.http.sharing",
    "setu_common.cost.recording",
    "setu_common.clients",
    "setu_common.store",
    "setu_common.models",
)
"""What nearly all services import: of some 1.4 s of a processor that a service's imports take, 1.1."""
SERVICES: Final = (
    Service("asr"),
    Service("translate"),
    Service("metrics", ()),
    Service("enhancer"),
    Service("optimizer", (("worker", "worker"), ("learner", "learning_worker"))),
    Service(GATEWAY, (("worker", "worker"), ("fetcher", "fetch_worker"))),
)


@dataclass(frozen=True)
class Process:
    """A process of a stack.

    Args:
        launch: how it is started and stopped.
        needs: processes that must have been ready (or have ended well, when they run once) before it is started.
        probe: tells when it is ready; None: it runs once, and is ready when it has ended with code 0.
        port: where it listens, for people to know; a worker listens for Prometheus alone.
        metrics_port: where it answers Prometheus, if it does.
        ready_timeout_s: it has failed when it is not ready by then.
        essential: without it the stack can't do its work; else it goes up without, and says so.
    """

    launch: Launch
    needs: tuple[str, ...] = ()
    probe: Probe | None = None
    port: int | None = None
    metrics_port: int | None = None
    ready_timeout_s: float = _SERVICE_READY_TIMEOUT_S
    essential: bool = True

    @property
    def name(self) -> str:
        """Unique in the stack."""
        return self.launch.name


@dataclass(frozen=True)
class Stack:
    """Processes that belong together, and what callers must know.

    Args:
        processes: in any order; ``needs`` says which waits for which.
        gateway_url: where callers go.
        service_token: what services show each other.
        database_url: of its Postgres.
        redis_url: of its Valkey.
        models: by name, those of the catalogue that it computes with.
        forkserver: what processes that say so are forked from.
    """

    processes: tuple[Process, ...]
    gateway_url: str
    service_token: str
    database_url: str
    redis_url: str
    models: tuple[str, ...] = ()
    forkserver: Launch | None = None

    def __post_init__(self) -> None:
        names = {process.name for process in self.processes}
        if len(names) != len(self.processes):
            raise ValueError("two processes of a stack have the same name")
        for process in self.processes:
            if missing := set(process.needs) - names:
                raise ValueError(f"{process.name} needs {', '.join(sorted(missing))}, which the stack does not have")


def models_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The models that a stack in this environment computes with."""
    return (environment.get("SETU_ASR_MODEL", SPEECH_MODEL), environment.get("SETU_TRANSLATE_LLM_MODEL", LANGUAGE_MODEL))


def embedded_stack(home: Home, *, gateway_port: int, environment: Mapping[str, str]) -> Stack:
    """The stack of Setu's services on this machine.

    Args:
        home: where everything is kept; must exist.
        gateway_port: on loopback.
        environment: handed on to every process. ``DATABASE_URL``, ``REDIS_URL`` and ``SETU_TRANSLATE_LLM_URL`` in it name servers that
            exist, so none is started; any other setting in it is kept as well.

    Raises:
        ServerMissing: a server's program is not installed.
        StackFailed: the home can't be used.
    """
    ports = _Ports({gateway_port})
    servers: list[Process] = []
    if not (database_url := environment.get("DATABASE_URL", "")):
        database_url = _add_postgres(servers, home, ports.next())
    if not (redis_url := environment.get("REDIS_URL", "")):
        redis_url = _add_valkey(servers, home, ports.next())
    apis = {service.name: gateway_port if service.name == GATEWAY else ports.next() for service in SERVICES}
    llm_port = ports.next()
    token = environment.get("SETU_SERVICE_TOKEN") or secrets.token_urlsafe(32)
    shared = {
        **_defaults(home, apis, llm_port, environment),
        **environment,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SETU_SERVICE_TOKEN": token,
        "PYTHONUNBUFFERED": "1",
    }
    maker = _Maker(home, shared, frozenset(process.name for process in servers if process.probe is not None), ports)
    services = [process for service in SERVICES for process in maker.service(service, apis[service.name])]
    llm = [] if environment.get("SETU_TRANSLATE_LLM_URL") else [maker.llm(llm_port)]
    return Stack(
        processes=(*servers, *llm, maker.migration(), *services),
        gateway_url=f"http://{LOOPBACK}:{gateway_port}",
        service_token=token,
        database_url=database_url,
        redis_url=redis_url,
        models=models_of(environment),
        forkserver=maker.forkserver(),
    )


def _defaults(home: Home, apis: Mapping[str, int], llm_port: int, environment: Mapping[str, str]) -> dict[str, str]:
    """What processes are told where nobody says otherwise.

    Args:
        home: where everything is kept.
        apis: the port of each service's API.
        llm_port: of the language model's server.
        environment: what somebody does say.
    """
    return {
        "REDIS_KEY_PREFIX": "setu:",
        "SETU_STORE_URL": home.store.as_uri(),
        "SETU_LOG_LEVEL": "INFO",
        "SETU_LOG_JSON_LINES": "true",
        "SETU_GATEWAY_ASR_URL": f"http://{LOOPBACK}:{apis['asr']}",
        "SETU_GATEWAY_TRANSLATE_URL": f"http://{LOOPBACK}:{apis['translate']}",
        "SETU_GATEWAY_METRICS_URL": f"http://{LOOPBACK}:{apis['metrics']}",
        "SETU_GATEWAY_ENHANCER_URL": f"http://{LOOPBACK}:{apis['enhancer']}",
        "SETU_GATEWAY_OPTIMIZER_URL": f"http://{LOOPBACK}:{apis['optimizer']}",
        "SETU_OPTIMIZER_ASR_URL": f"http://{LOOPBACK}:{apis['asr']}",
        "SETU_ASR_MODEL": SPEECH_MODEL,
        "SETU_TRANSLATE_LLM_URL": f"http://{LOOPBACK}:{llm_port}/v1",
        "SETU_TRANSLATE_LLM_MODEL": LANGUAGE_MODEL,
        # Ours is a base model; a server that exists is tried.
        "SETU_TRANSLATE_LLM_STYLE": "auto" if environment.get("SETU_TRANSLATE_LLM_URL") else "completion",
        # It also tells how probable a line is, which a server that exists may not.
        "SETU_ENHANCER_LOCAL_URL": "" if environment.get("SETU_TRANSLATE_LLM_URL") else f"http://{LOOPBACK}:{llm_port}/v1",
        "SETU_ENHANCER_LOCAL_MODEL": environment.get("SETU_TRANSLATE_LLM_MODEL", LANGUAGE_MODEL),
    }


class _Ports:
    """Free ports, each given once."""

    def __init__(self, taken: set[int]) -> None:
        self._taken = taken

    def next(self) -> int:
        port = free_port(self._taken)
        self._taken.add(port)
        return port


@dataclass(frozen=True)
class _Maker:
    """Makes the processes of services: they share an environment, a home, and a machine's ports."""

    home: Home
    environment: Mapping[str, str]
    servers: frozenset[str]
    ports: "_Ports"

    def forkserver(self) -> Launch:
        """What services are forked from. It lends them nothing: when it ends, they go on."""
        launch = self._launch("forkserver", "setu_cli.embedded.forkserver", *_SHARED, forked=False)
        return replace(launch, stop_signal=signal.SIGKILL)

    def migration(self) -> Process:
        """Every service's schema, brought up to date."""
        names = tuple(service.name for service in SERVICES)
        return Process(self._launch(MIGRATE, _MIGRATING, *names), needs=tuple(self.servers & {"postgres"}))

    def service(self, service: Service, port: int) -> tuple[Process, ...]:
        """Its API and its workers."""
        needs = (MIGRATE, *sorted(self.servers))
        where = ("--host", LOOPBACK, "--port", str(port))
        launch = self._launch(f"{service.name}-api", f"{service.package}.main", *where, grace_s=_API_GRACE_S)
        metrics_port = port
        if service.name == GATEWAY:  # Prometheus has a port of its own where strangers reach the other
            metrics_port = self.ports.next()
            launch = replace(launch, environment={**launch.environment, "SETU_PROMETHEUS_PORT": str(metrics_port)})
        api = Process(
            launch,
            needs=needs,
            probe=Answering(f"http://{LOOPBACK}:{port}/readyz"),
            port=port,
            metrics_port=metrics_port,
        )
        return (
            api,
            *(self._worker(f"{service.name}-{name}", f"{service.package}.{module}", needs) for name, module in service.workers),
        )

    def _worker(self, name: str, module: str, needs: tuple[str, ...]) -> Process:
        ready_file = self.home.run / f"{name}.ready"
        port = self.ports.next()
        return Process(
            self._launch(
                name,
                module,
                nice=BACKGROUND_NICE,
                grace_s=_WORKER_GRACE_S,
                SETU_WORKER_READY_FILE=str(ready_file),
                SETU_WORKER_NICE="0",  # it is started nice already
                SETU_PROMETHEUS_PORT=str(port),
            ),
            needs=needs,
            probe=Touching(ready_file),
            port=port,
            metrics_port=port,
            ready_timeout_s=_MODEL_READY_TIMEOUT_S,
        )

    def llm(self, port: int) -> Process:
        """The language model's server, llama.cpp's own."""
        return Process(
            self._launch("llm", "setu_cli.llama", "--port", str(port), nice=BACKGROUND_NICE, forked=False),
            probe=Answering(f"http://{LOOPBACK}:{port}/health"),
            port=port,
            ready_timeout_s=_MODEL_READY_TIMEOUT_S,
            essential=False,
        )

    def _launch(
        self, name: str, module: str, *arguments: str, nice: int = 0, grace_s: float = 10.0, forked: bool = True, **extra: str
    ) -> Launch:
        return Launch(
            name=name,
            command=(sys.executable, "-P", "-m", module, *arguments),
            environment={**self.environment, **extra},
            folder=str(self.home.folder),
            log=str(self.home.log(name)),
            stop_signal=signal.SIGTERM,
            grace_s=grace_s,
            nice=nice,
            forked=forked,
        )


def _add_postgres(servers: list[Process], home: Home, port: int) -> str:
    server = prepare_postgres(home.folder / "postgres", port=port, log=home.log("postgres"))
    needs: tuple[str, ...] = ()
    if not server.initialised:
        initdb = replace(server.initdb(), log=str(home.log("postgres-initdb")))
        servers.append(Process(initdb))
        needs = (initdb.name,)
    servers.append(Process(server.server(), needs=needs, probe=Asking(server.ready), port=server.port))
    return server.url


def _add_valkey(servers: list[Process], home: Home, port: int) -> str:
    server = prepare_valkey(home.folder / "valkey", port=port, log=home.log("valkey"))
    servers.append(Process(server.server(), probe=Asking(server.ready), port=server.port))
    return server.url


def migrate_command(service: Service) -> tuple[str, ...]:
    """The command that brings a service's schema up to date."""
    return (sys.executable, "-P", "-m", _MIGRATING, service.name)


def log_of(process: Process) -> Path:
    """Where a process writes."""
    return Path(process.launch.log)
