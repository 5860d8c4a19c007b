"""Whole stacks on free ports. A module names the one that it shares with others by ``STACK``, or has its own, by its ``SETTINGS``."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ownstack.hosted import Hosted
from ownstack.jobs import Caller
from ownstack.shared import SharedStacks
from ownstack.speech import catalogue, recording
from ownstack.stack import OwnStack, own_stack
from ownstack.whole import declare
from setu_cli.embedded.stack import LANGUAGE_MODEL, SPEECH_MODEL

pytest.register_assert_rewrite("ownstack.blows")


@pytest.fixture(scope="session")
def shared_stacks() -> Iterator[SharedStacks]:
    """Those that modules share."""
    stacks = SharedStacks()
    yield stacks
    stacks.close()


@pytest.fixture(scope="module")
def stack(
    request: pytest.FixtureRequest, shared_stacks: SharedStacks, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnStack]:
    """Setu as `setu up` starts it. Tests leave it whole."""
    for model in (SPEECH_MODEL, LANGUAGE_MODEL):
        catalogue().ensure(model)
    logs = tmp_path_factory.mktemp("logs")
    settings = getattr(request.module, "SETTINGS", None)
    if settings is None:
        yield shared_stacks.named(getattr(request.module, "STACK", "ordinary"), logs)
        return
    shared_stacks.close()
    with own_stack(declare, settings, logs) as running:
        yield running


@pytest.fixture(scope="module")
def hosted(stack: OwnStack, shared_stacks: SharedStacks) -> Hosted:
    """The provider of the stack ``hosted``; what its model says is the module's to say."""
    return shared_stacks.hosted


@pytest.fixture(scope="module")
def speech(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that takes seconds to transcribe; no other module's."""
    return recording(tmp_path_factory.mktemp("speech"), ("fr", "pt"), of=request.module.__name__)


@pytest.fixture(scope="module")
def short_speech(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds of French; no other module's, so what was heard before is not taken again."""
    return recording(tmp_path_factory.mktemp("speech"), ("fr",), of=request.module.__name__)


@pytest.fixture
def caller(stack: OwnStack) -> Iterator[Caller]:
    """Someone who uses the stack, which is whole when a test begins and when it ends."""
    stack.healed()
    with httpx2.Client(base_url=stack.url, timeout=15) as client:
        yield Caller(stack, client)
    stack.healed()
