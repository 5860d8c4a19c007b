"""Fixtures for tests that run stacks, and kill them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from setu_cli.embedded.home import Home
from setu_cli.embedded.ports import free_port
from toystack.toy import Toy
from toystack.watching import running_in


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Toy]:
    stack = Toy(Home(tmp_path / "home"), free_port())
    yield stack
    stack.end()
    assert running_in(tmp_path) == []


@pytest.fixture
def bare_toy(toy: Toy) -> Toy:
    """Without servers: quicker."""
    toy.kind = "bare"
    return toy
