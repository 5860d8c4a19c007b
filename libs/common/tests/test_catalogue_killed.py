"""kill -9 while a model is put into its folder, at any moment, leaves nothing that would be used."""

import hashlib
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from setu_common.models import Catalogue, Model, ModelFile, PackageSource, Requirement
from setu_common.settings import ModelSettings

WEIGHTS = bytes(range(256)) * 8192

# Counts the lines of the catalogue's own code that run, and ends without any clean-up at the given one.
VICTIM = textwrap.dedent(
    """
    import os, signal, sys
    sys.path.insert(0, sys.argv[1])
    from pathlib import Path
    from test_catalogue_killed import a_catalogue

    left = int(sys.argv[3])

    def trace(frame, event, _argument):
        global left
        if "setu_common/models" not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    catalogue = a_catalogue(Path(sys.argv[2]))
    sys.settrace(trace)
    catalogue.ensure("tiny")
    sys.settrace(None)
    print(int(sys.argv[3]) - left)
    """
)


def fetch(source, model, into, on_bytes):
    with (into.parent.parent / "fetches").open("a") as tally:
        tally.write("x")
    for file, content in (("model.bin", WEIGHTS), ("config.json", b"{}")):
        with (into / file).open("wb") as target:
            for start in range(0, len(content), 1 << 19):
                target.write(content[start : start + (1 << 19)])
                target.flush()
                on_bytes(start)


def a_catalogue(folder: Path) -> Catalogue:
    files = tuple(
        ModelFile(name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in (("model.bin", WEIGHTS), ("config.json", b"{}"))
    )
    where = PackageSource(
        kind="package",
        requirements=(Requirement(name="unused", version="1.0.0", sha256="0" * 64),),
        take={"model.bin": ("unused/a",), "config.json": ("unused/b",)},
    )
    model = Model(
        name="tiny",
        title="t",
        purpose="speech",
        licence="MIT",
        licence_url="https://example.invalid",
        files=files,
        sources=(where,),
    )
    return Catalogue({"tiny": model}, ModelSettings(folder=folder, offline=False), fetch)


def command(folder: Path, kill_at_line: int) -> list[str]:
    return [sys.executable, "-c", VICTIM, str(Path(__file__).parent), str(folder), str(kill_at_line)]


def run_victim(folder: Path, kill_at_line: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, kill_at_line), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def lines(tmp_path_factory) -> int:
    """How many lines of the catalogue's code a whole fetch runs."""
    whole = run_victim(tmp_path_factory.mktemp("whole"), 10**9)
    assert whole.returncode == 0, whole.stderr
    return int(whole.stdout.split()[-1])


def test_processes_that_start_at_once_fetch_a_model_once(tmp_path):
    processes = [subprocess.Popen(command(tmp_path, 10**9), stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert (tmp_path / "fetches").read_text() == "x"
    a_catalogue(tmp_path).verify("tiny")


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.75, 0.85, 0.9, 0.94, 0.97, 0.99, 0.999])
def test_after_a_kill_the_model_is_whole_or_fetched_anew(tmp_path, lines, share):
    victim = run_victim(tmp_path, max(1, int(lines * share)))
    assert victim.returncode == -signal.SIGKILL, victim.stderr
    catalogue = a_catalogue(tmp_path)
    if catalogue.has("tiny"):
        catalogue.verify("tiny")
    assert (catalogue.ensure("tiny") / "model.bin").read_bytes() == WEIGHTS
    catalogue.verify("tiny")
    assert list((tmp_path / ".incoming").iterdir()) == []
