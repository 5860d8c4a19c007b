"""What a running stack holds of connections is no more than is reckoned with."""

from pathlib import Path

import psycopg
import pytest
from bench.connections import held, most

from ownstack.jobs import Caller
from ownstack.stack import OwnStack

STACK = "ordinary"
pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(300, func_only=True)]

JOB_S = 180.0
COMPOSED = {"gateway-api": "gateway"}


def test_no_process_holds_more_connections_than_it_is_reckoned_with(
    stack: OwnStack, caller: Caller, short_speech: Path
) -> None:
    job_ids = [caller.submitted(short_speech, "en") for _ in range(2)]
    assert {caller.ended(job_id, JOB_S)["state"] for job_id in job_ids} == {"succeeded"}

    found = held(stack.state.model_dump(mode="json"))
    allowed = {name: most(COMPOSED.get(name, name), len(stack.children(name))) for name in found}
    beyond = {
        name: (now, allowed[name])
        for name, now in found.items()
        if now.postgres > allowed[name].postgres or now.redis > allowed[name].redis
    }
    assert not beyond
    assert all(now.postgres for now in found.values()), found
    with psycopg.connect(stack.database.url) as connection:
        (others,) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'setu-%'"
        ).fetchone() or (0,)
    assert others <= sum(limit.postgres for limit in allowed.values())
