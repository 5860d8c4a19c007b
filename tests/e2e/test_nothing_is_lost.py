"""Whatever works on a job is killed in its midst: the job ends well, with the same subtitles as if nothing had happened."""

from collections.abc import Mapping

import pytest

from ownstack.blows import Blow, assert_survived, kill, kill_child, left_in_peace

STACK = "broken"
pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(180, func_only=True)]

BLOWS: Mapping[str, Blow] = {
    "child of the asr worker killed": Blow("asr", kill_child, counted=((1, 0),)),
    "asr worker killed": Blow("asr", kill("asr-worker"), counted=((0, 1),)),
    "translate worker killed": Blow("translate", kill("translate-worker"), counted=((0, 1),)),
    # Its second attempt is 10 s after the first; on a busy machine the model may not be loaded by then.
    "language model killed": Blow("translate", kill("llm"), counted=((1, 0), (2, 0))),
}


@pytest.fixture(scope="module")
def undisturbed(stack, speech):
    return left_in_peace(stack, speech)


@pytest.mark.parametrize("blow", BLOWS.values(), ids=BLOWS.keys())
def test_a_job_survives(blow, stack, caller, speech, undisturbed):
    assert_survived(blow, stack, caller, speech, undisturbed)
