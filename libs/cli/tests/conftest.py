"""Fixtures for tests that run stacks, and kill them, and for the commands."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from setu_cli import main
from setu_cli.embedded.home import Home
from setu_cli.embedded.ports import free_port
from toystack.toy import Toy
from toystack.watching import running_in

Run = Callable[..., Result]


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    """A stack of tiny processes on real servers; nothing of it may be left after the test."""
    stack = Toy(Home(tmp_path / "home"), free_port())
    yield stack
    stack.end()
    assert running_in(tmp_path) == []


@pytest.fixture
def bare_toy(toy: Toy) -> Toy:
    """Without servers: quicker."""
    toy.kind = "bare"
    return toy


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in this process, as ``run("status", "--home", folder)``."""
    monkeypatch.setattr(main, "configure_logging", lambda *_: None)
    return lambda *arguments: CliRunner().invoke(main.app, [str(argument) for argument in arguments])
