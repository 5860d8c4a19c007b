"""What the commands about a stack say, and when they refuse."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import toystack
from setu_cli import main
from setu_cli.embedded import detached
from setu_cli.embedded.home import Home
from setu_cli.embedded.ports import free_port
from setu_cli.embedded.running import StackRequest
from setu_cli.embedded.state import ProcessStage, save_state
from setu_common.errors import RemoteProblem
from toystack import stack as toy_stack
from toystack.watching import alive

pytestmark = pytest.mark.stack


class Listener:
    """Keeps what it is told."""

    def __init__(self):
        self.states = []
        self.became_ready = False

    def found(self, words):
        raise AssertionError(words)

    def changed(self, state):
        self.states.append(state)

    def ready(self, state):
        self.became_ready = True

    def stopping(self):
        raise AssertionError("nobody stopped it")


@pytest.fixture
def detachable(tmp_path, monkeypatch):
    """A request for a toy stack that another process can import."""
    support = str(Path(toystack.__file__).parent.parent)
    return StackRequest(
        Home(tmp_path / "home"), free_port(), {**os.environ, "PYTHONPATH": support, "TOY": "bare"}, toy_stack.declare
    )


def test_a_second_up_says_where_the_first_one_is_and_how_to_stop_it(bare_toy, run):
    state = bare_toy.up()
    second = run("up", "--home", bare_toy.home.folder, "--port", 0)
    assert second.exit_code == 1
    for word in (state.gateway_url, str(state.supervisor_pid), str(bare_toy.home.folder), "setu down"):
        assert word in second.output
    assert bare_toy.start().wait(20) == 1  # and so does the supervisor itself
    assert bare_toy.state() == state


def test_a_port_in_use_is_named_with_who_uses_it_and_what_to_do(tmp_path, run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("up", "--home", tmp_path / "home", "--port", port)
    assert refused.exit_code == 1
    assert f"port {port}" in refused.output
    assert f"process {os.getpid()}" in refused.output
    assert f"setu up --port {port + 1}" in refused.output


def test_a_stack_in_the_background_runs_on_until_down(detachable, run):
    listener = Listener()
    detached.start(detachable, listener)
    state = listener.states[-1]
    assert listener.became_ready
    assert len(listener.states) > 3  # one for each change
    assert run("status", "--home", detachable.home.folder).exit_code == 0
    assert run("down", "--home", detachable.home.folder).exit_code == 0
    assert alive([state.supervisor_pid, *(process.pid for process in state.processes)]) == []


def test_why_a_stack_in_the_background_could_not_start_is_told_in_the_foreground(detachable):
    with socket.create_server(("127.0.0.1", detachable.port)), pytest.raises(RemoteProblem, match=f"port {detachable.port}"):
        detached.start(detachable, Listener())


def test_status_fails_while_a_process_is_not_ready_and_names_it(bare_toy, run):
    state = bare_toy.up()
    os.kill(state.supervisor_pid, signal.SIGSTOP)  # so that it stays so
    try:
        broken = state.model_copy(
            update={"processes": tuple(each.model_copy(update={"stage": ProcessStage.RESTARTING}) for each in state.processes)}
        )
        save_state(bare_toy.home, broken)
        shown = run("status", "--home", bare_toy.home.folder)
    finally:
        os.kill(state.supervisor_pid, signal.SIGCONT)
    assert shown.exit_code == 1
    assert "restarting" in shown.output
    assert "setu logs" in shown.output


def test_logs_shows_the_end_of_one_log_and_names_them_all(bare_toy, run):
    home = bare_toy.home
    home.create()
    home.log("api").write_text("".join(f"line {number}\n" for number in range(100)))
    shown = run("logs", "api", "-n", 2, "--home", home.folder)
    assert shown.output.splitlines() == ["line 98", "line 99"]
    for arguments in (("logs",), ("logs", "ghost")):
        refused = run(*arguments, "--home", home.folder)
        assert refused.exit_code == 1
        assert "there are api" in refused.output


def test_migrate_needs_a_database(tmp_path, run):
    refused = run("migrate", "--home", tmp_path)
    assert refused.exit_code == 1
    assert "setu up" in refused.output


@pytest.mark.parametrize("name", sorted(main.commands()))
def test_every_command_says_what_it_does_with_an_example(name, run):
    shown = run(name, "--help")
    assert shown.exit_code == 0
    assert f"setu {name}" in shown.output.partition("Examples:")[2]


def test_a_defect_shows_one_sentence_and_keeps_the_traceback(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("setu_cli.commands.options.Path.cwd", lambda: 1 / 0)
    shown = run("status")
    assert shown.exit_code == 1
    assert "Traceback" not in shown.output
    assert "ZeroDivisionError" in next(tmp_path.glob("setu-defect-*.txt")).read_text()


@pytest.mark.parametrize("rich", ["0", "1"])
def test_a_reader_that_has_enough_is_no_defect(rich, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TYPER_USE_RICH": rich}
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "setu_cli.main", "submit", "--help"],
            stdout=writing, stderr=subprocess.PIPE, env=environment, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_that_breaks_elsewhere_is_a_defect(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    def broken():
        raise BrokenPipeError

    monkeypatch.setattr("setu_cli.commands.options.Path.cwd", broken)
    shown = run("status")
    assert shown.exit_code == 1
    assert "BrokenPipeError" in next(tmp_path.glob("setu-defect-*.txt")).read_text()
