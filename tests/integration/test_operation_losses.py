"""What callers read of an operation whose process or worker died."""

from collections.abc import Callable

import pytest

from probe.kinds import Task
from probe.rig import FRONT, PATIENT, Rig
from setu_common.contracts import Operation, Submission

ACME = Submission(tenant="acme")


def died(rig: Rig) -> None:
    [held] = rig.reaping.held_by("north")
    assert rig.reaping.child_died(held) is not None


def lost(rig: Rig) -> None:
    [held] = rig.reaping.held_by("north")
    assert rig.reaping.lost(held) is not None


def expired(rig: Rig) -> None:
    rig.execute("UPDATE operation SET lease_until = now() - interval '1 s'")
    assert len(rig.reaping.expire()) == 1


@pytest.mark.parametrize(
    ("end", "times"), [(died, FRONT.max_attempts), (lost, PATIENT.max_losses), (expired, PATIENT.max_losses)]
)
def test_callers_read_that_it_is_tried_again_until_it_is_given_up(rig: Rig, end: Callable[[Rig], None], times: int) -> None:
    submitted = rig.run(rig.operations.submit(FRONT, Task(), ACME))
    claims = rig.claims()
    told = []
    for _ in range(times):
        assert claims.next(FRONT.queue) is not None
        end(rig)
        operation: Operation = rig.run(rig.operations.get("acme", submitted.id))
        assert operation.problem is not None
        told.append((operation.state.value, operation.problem.detail))

    *meanwhile, at_last = told
    assert meanwhile
    assert {state for state, _ in meanwhile} == {"queued"}
    assert all("tried again" in detail or "takes it on" in detail for _, detail in meanwhile)
    assert not any("too many" in detail or "as often as" in detail for _, detail in meanwhile)
    assert at_last[0] == "failed"
    assert "too many times" in at_last[1] or "as often as it may be" in at_last[1]
