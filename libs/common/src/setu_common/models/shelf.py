"""The models folder. A model lies in it whole, or not at all.

<folder>/<name>/…            the files, and the manifest, which is written last
<folder>/.incoming/<name>-*/  what is being filled; renamed into place when verified
<folder>/.locks/<name>.lock   who fills (the kernel drops the lock with the process)
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from setu_common.models.entries import Model, ModelFile

OnProgress = Callable[[int, int], None]  # bytes so far, bytes in all

MANIFEST = "setu-model.json"
HASH_BYTES = 1 << 20


class Manifest(BaseModel):
    """What was verified, and when its files were last changed then."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    fingerprint: str
    source: str
    changed_ns: dict[str, int]


class Shelf:
    """Knows which models lie whole in a folder, and puts them there.

    Args:
        folder: need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()

    def path(self, model: Model) -> Path:
        """The model's own folder."""
        return self.folder / model.name

    def is_whole(self, model: Model) -> bool:
        """Quick: the manifest is this model's, and no file's size or time of change differs from what was verified."""
        manifest = self._manifest(model)
        if manifest is None or manifest.fingerprint != model.fingerprint:
            return False
        return all(
            changed_ns is not None and changed_ns == manifest.changed_ns.get(file.name)
            for file, changed_ns in ((file, _changed_ns(self.path(model) / file.name, file.bytes)) for file in model.files)
        )

    def faults(self, model: Model, on_progress: OnProgress | None = None) -> list[str]:
        """Thorough: read every file; say what is wrong with which."""
        return verify(model, self.path(model), on_progress)

    def adopt(self, model: Model, on_progress: OnProgress | None = None) -> bool:
        """Take files that lie here without a valid manifest, if they are the model's, all of them."""
        home = self.path(model)
        if any(_changed_ns(home / file.name, file.bytes) is None for file in model.files) or verify(model, home, on_progress):
            return False
        with suppress(OSError):  # a read-only folder stays without a manifest and is read anew each time
            _write_manifest(model, home, "the models folder")
        return True

    @contextmanager
    def lock(self, model: Model, while_waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the model against other processes and threads; ``while_waiting`` may raise to give up."""
        locks = self.folder / ".locks"
        locks.mkdir(parents=True, exist_ok=True)

        def keep_waiting() -> bool:
            while_waiting()
            return False

        lock = FileLock(locks / f"{model.name}.lock", thread_local=False)
        lock.acquire(poll_interval=0.1, cancel_check=keep_waiting)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def incoming(self, model: Model) -> Iterator[Path]:
        """An empty folder to fill; gone afterwards unless it was placed. Hold the lock."""
        incoming = self.folder / ".incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        for stale in incoming.glob(f"{model.name}-@*"):  # left by a process that was killed: the lock is ours now
            shutil.rmtree(stale, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{model.name}-@", dir=incoming))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def place(self, model: Model, filled: Path, source: str) -> Path:
        """Put a verified folder into the model's place, in one step. Hold the lock."""
        filled.chmod(0o755)
        for file in model.files:
            _flush(filled / file.name)
        _write_manifest(model, filled, source)
        home = self.path(model)
        if home.exists():
            home.rename(filled.parent / f"{model.name}-@replaced-{os.urandom(4).hex()}")
        filled.rename(home)
        _flush(self.folder)
        for replaced in filled.parent.glob(f"{model.name}-@replaced-*"):
            shutil.rmtree(replaced, ignore_errors=True)
        return home

    def _manifest(self, model: Model) -> Manifest | None:
        try:
            return Manifest.model_validate_json((self.path(model) / MANIFEST).read_bytes())
        except (OSError, ValidationError):
            return None


def verify(model: Model, folder: Path, on_progress: OnProgress | None = None) -> list[str]:
    """Read every file of the model in ``folder``; say what is wrong with which."""
    faults, done = [], 0
    for file in model.files:
        base = done

        def report(count: int, base: int = base) -> None:
            if on_progress is not None:
                on_progress(base + count, model.bytes)

        fault = _fault(file, folder / file.name, report)
        if fault:
            faults.append(f"{file.name}: {fault}")
        done += file.bytes
    return faults


def _fault(file: ModelFile, path: Path, on_bytes: Callable[[int], None]) -> str:
    try:
        size = path.stat().st_size
        if size != file.bytes:
            return f"{size} bytes instead of {file.bytes}"
        digest, count = hashlib.sha256(), 0
        with path.open("rb") as content:
            while block := content.read(HASH_BYTES):
                digest.update(block)
                count += len(block)
                on_bytes(count)
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"unreadable ({error.strerror})"
    return "" if digest.hexdigest() == file.sha256 else "another SHA-256 than the catalogue's"


def _changed_ns(path: Path, size: int) -> int | None:
    """When the file was last changed; None if there is no such file of that size."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns if stat.st_size == size else None


def _write_manifest(model: Model, folder: Path, source: str) -> None:
    manifest = Manifest(
        name=model.name,
        fingerprint=model.fingerprint,
        source=source,
        changed_ns={file.name: (folder / file.name).stat().st_mtime_ns for file in model.files},
    )
    descriptor, name = tempfile.mkstemp(prefix=f".{MANIFEST}-", dir=folder)
    with os.fdopen(descriptor, "w") as draft:
        json.dump(manifest.model_dump(), draft, indent=1)
        draft.flush()
        os.fsync(draft.fileno())
    draft_path = Path(name)
    draft_path.chmod(0o644)
    draft_path.rename(folder / MANIFEST)
    _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
