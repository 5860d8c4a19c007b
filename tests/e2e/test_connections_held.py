"""What a running stack holds of connections is no more than is reckoned with."""

from pathlib import Path

import psycopg
import pytest
from bench.connections import KINDS, held

from ownstack.jobs import Caller
from ownstack.stack import OwnStack

STACK = "ordinary"
pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(300, func_only=True)]

JOB_S = 180.0


def test_no_process_holds_more_connections_than_it_is_reckoned_with(stack: OwnStack, caller: Caller, greeting: Path) -> None:
    job_ids = [caller.submitted(greeting, "en") for _ in range(2)]
    assert {caller.ended(job_id, JOB_S)["state"] for job_id in job_ids} == {"succeeded"}

    found = held(stack.state.model_dump(mode="json"))
    assert found.keys() == KINDS.keys()
    assert not {name: (now, limit) for name, (now, limit) in found.items() if not now.fits(limit)}
    assert all(now.postgres for now, _ in found.values()), found
    with psycopg.connect(stack.database.url) as connection:
        (counted,) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'setu-%'"
        ).fetchone() or (0,)
    assert counted <= sum(limit.postgres for _, limit in found.values())
