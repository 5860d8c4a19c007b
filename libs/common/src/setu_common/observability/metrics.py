"""What Prometheus is told: a registry a process, and a worker's children together. Needs the extra ``service``.

A process that serves requests keeps what it counts in memory, in the registry of ``process_registry``. A worker counts in children, which
come and go and are killed: they keep their figures in files that they share with their parent (prometheus_client's multi-process mode),
and the parent tells the sums. So what a killed child counted is not lost.

Rules for whoever adds a metric:

* make it where the process's parts are put together, and hand it on: after the fork, in whichever registry is at hand;
* a gauge names what several children's values amount to: ``multiprocess_mode="livemax"``, ``"livesum"`` and so on;
* labels are few and fixed by the code: never a job's or an operation's id. What comes from outside has a bound (as in ``http.metrics``).
"""

import fcntl
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

import psutil
import structlog
from prometheus_client import CollectorRegistry, Metric, PlatformCollector, ProcessCollector, start_http_server, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from setu_common.observability.household import Household
from setu_common.settings import PrometheusSettings

log = structlog.get_logger(__name__)

# Any: prometheus_client's multi-process mode is not annotated.
_FILE: Final[Any] = MmapedDict
_FILES: Final[Any] = MultiProcessCollector
_VALUES: Final[Any] = values.MultiProcessValue
_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client reads it whenever it opens a file
_PREFIX: Final = "setu-metrics-"
_LOCK: Final = "lock"
_ENDED: Final = "0"  # in place of a process's number: what those that have ended counted together
_TRY_AGAIN_S: Final = 1.0


def process_registry() -> CollectorRegistry:
    """A registry for a process that serves requests, with what the system knows of the process in it."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


class Children(Collector):
    """What a worker's processes count together. In the parent.

    Args:
        folder: where their files lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def collect(self) -> Iterable[Metric]:
        """The sums, as of now."""
        with self._lock:
            self._bury()
            written = [
                str(path) for path in self._folder.glob("*.db") if path.stat().st_size
            ]  # a child may be opening its own just now
            return list(_FILES.merge(written))

    def _bury(self) -> None:
        """Put what ended children counted together, or there would be files without end."""
        found = sorted(self._folder.glob("*_*.db"))  # first, so that who wrote one and lives is among the living
        kept = {_ENDED, str(os.getpid())}
        for path in found:
            kind, _, pid = path.stem.rpartition("_")
            if pid in kept or _is_living_child(int(pid)):
                continue
            if not kind.startswith("gauge") and path.stat().st_size:  # it may have been killed before it wrote
                _add(path, self._folder / f"{kind}_{_ENDED}.db")
            path.unlink()


def _is_living_child(pid: int) -> bool:
    """Whether a process is one of this one's. One that has ended and was not collected yet does not live."""
    try:
        process = psutil.Process(pid)
        return bool(process.ppid() == os.getpid() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _add(path: Path, to: Path) -> None:
    total = _FILE(str(to))
    for key, value, _, _ in _FILE.read_all_values_from_file(str(path)):
        total.write_value(key, total.read_value(key)[0] + value, 0.0)
    total.close()


@contextmanager
def children_counted() -> Iterator[CollectorRegistry]:
    """Have this process and those that it forks count together; around the life of a worker's parent.

    Metrics that were made before keep to themselves.

    Yields:
        What the parent tells Prometheus.
    """
    folder, lock = _own_folder()
    parent = os.getpid()
    os.environ.update({_FOLDER_VARIABLE: str(folder)})
    values.ValueClass = _VALUES()
    registry = CollectorRegistry()
    registry.register(Children(folder))
    registry.register(Household())
    try:
        yield registry
    finally:
        values.ValueClass = values.MutexValue
        os.environ.pop(_FOLDER_VARIABLE)
        os.close(lock)
        if os.getpid() == parent:
            rmtree(folder, ignore_errors=True)


def begin_child() -> None:
    """Begin to count in a child, after the fork: with a lock of its own, since another thread may have held its parent's just then."""
    if values.ValueClass is not values.MutexValue:
        values.ValueClass = _VALUES()


def _own_folder() -> tuple[Path, int]:
    """A new folder, and the lock that says that it is in use; those that killed workers left behind go."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another's, or gone
            lock = os.open(left / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                rmtree(left)
            finally:
                os.close(lock)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = os.open(folder / "new", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / "new").rename(folder / _LOCK)  # so that nobody finds it unlocked
    return folder, lock


class MetricsListener:
    """Answers Prometheus on a port of its own, in threads of its own. A port that is taken is tried again: no work fails for it.

    Args:
        registry: what is told.
        settings: where; without a port, nobody is answered.
    """

    def __init__(self, registry: CollectorRegistry, settings: PrometheusSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, soon."""
        if self._settings.port is not None:
            self._thread = threading.Thread(target=self._listen, args=(self._settings.port,), name="metrics", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _listen(self, port: int) -> None:
        told = False
        while not self._closed.is_set():
            try:
                server, thread = start_http_server(port, addr=self._settings.host, registry=self._registry)
            except OSError as error:
                if not told:
                    log.warning("metrics.port_taken", host=self._settings.host, port=port, reason=str(error))
                    told = True
                self._closed.wait(_TRY_AGAIN_S)
                continue
            log.info("metrics.listening", host=self._settings.host, port=server.server_port)
            self._closed.wait()
            server.shutdown()
            server.server_close()
            thread.join()
