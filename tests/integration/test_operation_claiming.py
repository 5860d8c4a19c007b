"""What a claim looks at, and what it leaves alone."""

import pytest
from psycopg.types.json import Jsonb

from probe.kinds import Task
from probe.rig import FRONT, Rig
from setu_common.contracts import Submission
from setu_common.operations.claims import _CLAIM

ASLEEP = 5000


@pytest.mark.parametrize("awake", [0, 1])
def test_a_claim_does_not_walk_the_rows_that_are_asleep(rig: Rig, awake: int) -> None:
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme")))
    claims = rig.claims()
    claim = claims.next(FRONT.queue)
    assert claim is not None
    claims.park(claim, 3600, None)
    rig.execute(
        """INSERT INTO operation (id, tenant, kind, queue, request, request_sha256, max_attempts, timeout_s, not_before, asleep)
           SELECT gen_random_uuid(), tenant, kind, queue, request, request_sha256, max_attempts, timeout_s, not_before, asleep
           FROM operation, generate_series(2, %(count)s)""",
        count=ASLEEP,
    )
    for _ in range(awake):
        rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme")))
    rig.execute("VACUUM ANALYZE operation")

    values = {"queue": FRONT.queue, "worker": "north", "pid": 1, "lease_s": 60, "weights": Jsonb({})}
    [row] = rig.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {_CLAIM}", **values)
    plan = row["QUERY PLAN"][0]["Plan"]

    assert rig.execute("SELECT count(*) FROM operation WHERE state = 'running'") == [{"count": awake}]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 100


def test_a_row_that_is_asleep_can_be_claimed_once_its_time_has_come_and_not_before(rig: Rig) -> None:
    rig.run(rig.operations.submit(FRONT, Task(), Submission(tenant="acme")))
    claims = rig.claims()
    claim = claims.next(FRONT.queue)
    assert claim is not None
    claims.park(claim, 3600, None)

    rig.reaping.wake_due([FRONT.queue])
    assert claims.next(FRONT.queue) is None

    rig.execute("UPDATE operation SET not_before = now()")
    rig.reaping.wake_due(["another queue"])
    assert claims.next(FRONT.queue) is None
    rig.reaping.wake_due([FRONT.queue])
    again = claims.next(FRONT.queue)
    assert again is not None
    assert again.id == claim.id
