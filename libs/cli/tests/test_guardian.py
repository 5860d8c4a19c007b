"""The guardian: whoever starts processes through it leaves none behind."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from setu_cli.embedded.guarded import Guarded
from setu_cli.embedded.launch import SERVER_LAYER, SERVICE_LAYER, Launch
from setu_cli.failures import StackFailed
from toystack.watching import alive, below, eventually, running_in

pytestmark = pytest.mark.stack

SAYS_WHEN_TOLD = """
    import pathlib, signal, sys, time
    def told(number, _):
        with open("told", "a") as file: print(sys.argv[1], signal.Signals(number).name, file=file)
        time.sleep(0.2)
        with open("told", "a") as file: print(sys.argv[1], "ended", file=file)
        sys.exit()
    for number in (signal.SIGTERM, signal.SIGINT): signal.signal(number, told)
    pathlib.Path(sys.argv[1]).touch()
    while True: signal.pause()
"""
DEAF = "import pathlib, signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.Path(sys.argv[1]).touch(); signal.pause()"


def python(folder: Path, name: str, code: str, *arguments: str) -> Launch:
    return Launch(
        name=name,
        command=(sys.executable, "-c", textwrap.dedent(code), *arguments),
        environment=dict(os.environ),
        folder=str(folder),
        log=str(folder / f"{name}.log"),
    )


def start(guarded: Guarded, launch: Launch) -> int:
    """Start a process that makes a file of its own name when it is ready."""
    return guarded.start_ready(launch, lambda _: (Path(launch.folder) / launch.name).exists(), timeout_s=10)


def test_services_are_stopped_before_servers_each_by_its_own_signal(tmp_path):
    with Guarded(tmp_path / "guardian.log") as guarded:
        for name, layer, number in (("base", SERVER_LAYER, signal.SIGINT), ("on-top", SERVICE_LAYER, signal.SIGTERM)):
            launch = python(tmp_path, name, SAYS_WHEN_TOLD, name)
            start(guarded, replace(launch, layer=layer, stop_signal=number))
    assert (tmp_path / "told").read_text().splitlines() == ["on-top SIGTERM", "on-top ended", "base SIGINT", "base ended"]


def test_a_process_that_is_deaf_to_its_signal_is_killed_after_its_grace(tmp_path):
    with Guarded(tmp_path / "guardian.log") as guarded:
        pid = start(guarded, replace(python(tmp_path, "deaf", DEAF, "deaf"), grace_s=0.3))
    assert not psutil.pid_exists(pid)


def test_the_stop_signal_goes_to_the_process_and_not_to_its_children(tmp_path):
    family = f"""
        import subprocess, sys, pathlib, signal, time
        child = subprocess.Popen([sys.executable, "-c", {textwrap.dedent(SAYS_WHEN_TOLD)!r}, "child"])
        while not pathlib.Path("child").exists(): time.sleep(0.01)
        pathlib.Path("parent").touch()
        signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), sys.exit()))
        signal.pause()
    """
    with Guarded(tmp_path / "guardian.log") as guarded:
        start(guarded, python(tmp_path, "parent", family))
    assert not (tmp_path / "told").exists()
    assert running_in(tmp_path) == []


def test_whoever_starts_processes_and_is_killed_takes_them_all_along(tmp_path):
    user = f"""
        import pathlib, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from setu_cli.embedded.guarded import Guarded
        from setu_cli.embedded.launch import Launch
        stray = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'], start_new_session=True)"
        code = stray + "; import pathlib, signal; pathlib.Path('it').touch(); signal.pause()"
        with Guarded(pathlib.Path("guardian.log")) as guarded:
            launch = Launch("it", (sys.executable, "-c", code), {{}}, {str(tmp_path)!r}, "it.log")
            guarded.start_ready(launch, lambda _: pathlib.Path("it").exists(), timeout_s=10)
            pathlib.Path("up").touch()
            signal.pause()
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(user)], cwd=tmp_path)
    assert eventually((tmp_path / "up").exists)
    started = below(process.pid)
    assert len(started) == 3
    process.kill()
    process.wait()
    assert eventually(lambda: running_in(tmp_path) == [], 5)
    assert alive(started) == []


def test_what_was_ignored_by_the_caller_is_not_ignored_by_what_it_starts(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Guarded(tmp_path / "guardian.log") as guarded:
            code = "import signal, sys; sys.exit(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
            guarded.finish(python(tmp_path, "asks", code), timeout_s=10)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_program_that_is_not_there_is_refused_by_name(tmp_path):
    launch = replace(python(tmp_path, "ghost", ""), command=("/nonexistent/ghost",))
    with (
        Guarded(tmp_path / "guardian.log") as guarded,
        pytest.raises(StackFailed, match=r"ghost could not be started.*No such file"),
    ):
        guarded.start(launch)


def test_a_process_that_ends_instead_of_becoming_ready_is_told_with_its_last_words(tmp_path):
    launch = python(tmp_path, "short", "raise SystemExit('no bread')")
    with Guarded(tmp_path / "guardian.log") as guarded, pytest.raises(StackFailed, match=r"short ended with code 1.*no bread"):
        guarded.start_ready(launch, lambda _: False, timeout_s=10)


def test_a_process_that_does_not_become_ready_in_time_is_told_and_ended(tmp_path):
    with Guarded(tmp_path / "guardian.log") as guarded:
        with pytest.raises(StackFailed, match="slow was not ready"):
            guarded.start_ready(python(tmp_path, "slow", "import time; time.sleep(99)"), lambda _: False, timeout_s=0.3)
        assert len(running_in(tmp_path)) == 1
    assert running_in(tmp_path) == []
