"""Four processes with one circuit, and a real Valkey between them, or none."""

import pytest

from setu_common.settings import RedisSettings
from testbed.breaker_members import all_do, calls_through_an_outage, half_open_trials, members
from testbed.valkey import killable_valkey

NOBODY = RedisSettings(url="redis://127.0.0.1:1/0")
TRIALS = 1000


def test_what_one_process_opens_all_have_open(redis_settings):
    with members(redis_settings) as started:
        started[2].tell("fail")
        for member in started:
            assert member.hear("open")
        assert {said["event"] for said in told(started, "call")} == {"refused"}


def told(started, order):
    for member in started:
        member.tell(order)
    return [member.hear("refused", "answered") for member in started]


@pytest.mark.timeout(300)
def test_half_open_lets_one_probe_of_four_processes_through_in_a_thousand_trials(redis_settings):
    with members(redis_settings) as started:
        trials = half_open_trials(started, TRIALS)
    assert len(trials.let_through) == TRIALS, f"Valkey was not reached in time in {trials.apart} trials"
    assert [probes for probes in trials.let_through if sum(probes) != 1] == []
    probed = [sum(process) for process in zip(*trials.let_through, strict=True)]
    assert min(probed) > 0, "one never has its turn"


@pytest.mark.timeout(300)
def test_without_redis_each_of_four_processes_lets_one_probe_through_in_a_thousand_trials():
    with members(NOBODY) as started:
        trials = half_open_trials(started, TRIALS, shared=False)
    assert trials.let_through == [[1, 1, 1, 1]] * TRIALS


def test_redis_is_killed_and_comes_back_under_four_processes_and_no_call_fails_for_it(tmp_path):
    with killable_valkey(tmp_path) as server, members(RedisSettings(url=server.url)) as started:
        calls = calls_through_an_outage(started, server)
        assert (calls.failed, calls.answered >= 4 * 300) == (0, True)
        started[0].tell("fail")  # and they are together again
        for member in started:
            member.hear("open")
        assert {said["shared"] for said in all_do(started, "count", "counted")} == {True}
