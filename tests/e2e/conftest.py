"""Whole stacks on free ports. A module names by ``STACK`` the one that it shares with others."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from ownstack.hosted import Hosted
from ownstack.jobs import Caller
from ownstack.shared import SharedStacks
from ownstack.speech import GREETING_S, catalogue, recording
from ownstack.stack import OwnStack
from setu_cli.embedded.stack import LANGUAGE_MODEL, SPEECH_MODEL

pytest.register_assert_rewrite("ownstack.blows")


@pytest.fixture(scope="session")
def shared_stacks() -> Iterator[SharedStacks]:
    """Those that modules share."""
    stacks = SharedStacks()
    yield stacks
    stacks.close()


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, shared_stacks: SharedStacks, tmp_path_factory: pytest.TempPathFactory) -> OwnStack:
    """Setu as `setu up` starts it. Tests leave it whole."""
    for model in (SPEECH_MODEL, LANGUAGE_MODEL):
        catalogue().ensure(model)
    return shared_stacks.named(request.module.STACK, tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="module")
def hosted(stack: OwnStack, shared_stacks: SharedStacks) -> Hosted:
    """The provider of the stack ``hosted``; what its model says is the module's to say."""
    return shared_stacks.hosted


@pytest.fixture(scope="module")
def short_speech(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds of French, which take two to transcribe; no other module's, so what was heard before is not taken again."""
    return recording(tmp_path_factory.mktemp("speech"), ("fr",), of=request.module.__name__)


@pytest.fixture(scope="module")
def greeting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three words of French, where it does not matter how much is said; no other module's."""
    return recording(tmp_path_factory.mktemp("greeting"), ("fr",), of=request.module.__name__, each_s=GREETING_S)


@pytest.fixture
def caller(stack: OwnStack) -> Iterator[Caller]:
    """Someone who uses the stack, which is whole when a test begins and when it ends."""
    stack.healed()
    with httpx2.Client(base_url=stack.url, timeout=15) as client:
        yield Caller(stack, client)
    stack.healed()
