"""Stacks to be broken: each of its test module's own, on free ports, and gone with it."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ownstack.jobs import Caller
from ownstack.speech import catalogue, recording
from ownstack.stack import OwnStack, own_stack
from ownstack.whole import declare
from setu_cli.embedded.stack import LANGUAGE_MODEL, SPEECH_MODEL

pytest.register_assert_rewrite("ownstack.blows")


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnStack]:
    """Setu as `setu up` starts it; the module's SETTINGS go to its processes. Tests leave it whole."""
    for model in (SPEECH_MODEL, LANGUAGE_MODEL):
        catalogue().ensure(model)
    with own_stack(declare, getattr(request.module, "SETTINGS", {}), tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that takes seconds to transcribe."""
    return recording(tmp_path_factory.mktemp("speech"))


@pytest.fixture(scope="module")
def short_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds of French."""
    return recording(tmp_path_factory.mktemp("speech"), ("fr",))


@pytest.fixture
def caller(stack: OwnStack) -> Iterator[Caller]:
    """Someone who uses the stack, which is whole when a test begins and when it ends."""
    stack.healed()
    with httpx2.Client(base_url=stack.url, timeout=15) as client:
        yield Caller(stack, client)
    stack.healed()
