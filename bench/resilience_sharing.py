"""What four processes do with one circuit, through a real Valkey, without one, and while it is killed."""

import tempfile
from pathlib import Path

from bench.figures import Figure, judged
from setu_common.settings import RedisSettings
from testbed.breaker_members import calls_through_an_outage, half_open_trials, members
from testbed.valkey import KillableValkey, killable_valkey

TRIALS = 1000
ROUNDS = 3
NOBODY = RedisSettings(url="redis://127.0.0.1:1/0")


def sharing() -> list[Figure]:
    """All figures; some 20 seconds."""
    with tempfile.TemporaryDirectory() as folder, killable_valkey(Path(folder)) as server:
        return [_opening(server), _probing(server), _probing_alone(), _outage(server)]


def _opening(server: KillableValkey) -> Figure:
    rounds = []
    for number in range(ROUNDS):
        with members(RedisSettings(url=server.url, key_prefix=f"opening-{number}:")) as started:
            started[0].tell("fail")
            opened = [float(member.hear("open")["at_s"]) for member in started]
            rounds.append(max(opened) - opened[0])
    how = (
        "from the moment that one of four processes opens its circuit until the last one has, by the machine's one monotonic clock; a real "
        f"Valkey; {ROUNDS} rounds"
    )
    return judged("open_in_all_processes", rounds, unit="s", goal=1.0, better="less", how=how)


def _probing(server: KillableValkey) -> Figure:
    with members(RedisSettings(url=server.url, key_prefix="probing:")) as started:
        trials = half_open_trials(started, TRIALS)
    let_through = [sum(probes) for probes in trials.let_through]
    how = (
        f"trials of {TRIALS} in which one call was let through, of three that each of four processes began at once when the circuit of all was "
        f"half open; a real Valkey; the others let through {min(let_through)} to {max(let_through)}; {trials.apart} more trials do not count, "
        "since a process could not reach Valkey within 0.1 s and went by itself"
    )
    return judged("one_probe_of_all_processes", [let_through.count(1)], unit="trials", goal=TRIALS, better="more", how=how)


def _probing_alone() -> Figure:
    with members(NOBODY) as started:
        trials = half_open_trials(started, TRIALS, shared=False)
    one_each = trials.let_through.count([1] * len(started))
    how = f"the same without a Valkey: trials of {TRIALS} in which each process let one through"
    return judged("one_probe_per_process_alone", [one_each], unit="trials", goal=TRIALS, better="more", how=how)


def _outage(server: KillableValkey) -> Figure:
    with members(RedisSettings(url=server.url, key_prefix="outage:")) as started:
        calls = calls_through_an_outage(started, server)
    how = (
        f"calls that failed of {calls.answered + calls.failed} that four processes made while Valkey was killed and started again; each made "
        "some before, while it was away as each had noticed, and after"
    )
    return judged("calls_failed_by_a_valkey_outage", [calls.failed], unit="calls", goal=0.0, better="less", how=how)
