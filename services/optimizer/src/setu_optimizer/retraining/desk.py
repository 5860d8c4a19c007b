"""What operators do: have a model trained now, and wait for it."""

from setu_common.contracts import Operation, Submission
from setu_common.db import Database
from setu_common.operations import Hints, Operations
from setu_common.settings import DatabaseSettings, OperationSettings, RedisSettings, StoreSettings
from setu_common.store import Store
from setu_optimizer.predictors.registry import EVERYBODY
from setu_optimizer.retraining.kinds import AFTER_LESSONS, RETRAININGS, RetrainingRequest
from setu_optimizer.settings import SERVICE

LOOK_S = 30.0


async def have_trained(database: DatabaseSettings, store: StoreSettings, wait_s: float) -> Operation:
    """Have a model trained by the worker that learns; gives the operation as it stands once it has ended, or after so long.

    Args:
        database: the optimizer's.
        store: the optimizer's.
        wait_s: for its end.
    """
    opened = Database(database, SERVICE)
    # No hint is sent, for which one would need the broker: the worker's watch finds the row within seconds.
    operations = Operations(opened, Store(store, SERVICE), Hints(RedisSettings()), OperationSettings())
    try:
        async with opened.transaction() as connection:
            submission = Submission(tenant=EVERYBODY, priority=AFTER_LESSONS)
            operation = await operations.submit_in(connection, RETRAININGS, RetrainingRequest(), submission)
        while wait_s > 0 and not operation.state.ended:
            operation = await operations.get(EVERYBODY, operation.id, min(wait_s, LOOK_S))
            wait_s -= LOOK_S
        return operation
    finally:
        await operations.close()
        await opened.close()
