"""What stages took is forgotten in time; what was spent is not, nor what of it was wasted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from probe.bench import SCHEMA, prepare
from probe.rig import Rig, opened_rig
from setu_common.contracts.cost import CostQuery, CostSums
from setu_common.cost.ledger import SCHEMA as LEDGER
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import Database
from setu_common.operations.retention import Retention
from setu_common.settings import DatabaseSettings, OperationSettings
from setu_common.store import Store
from setu_metrics.service import Costs

SETTINGS = OperationSettings(ledger_retention_days=400)


def both(settings: DatabaseSettings) -> None:
    prepare(settings)
    migrate_ledger(settings)


@pytest.fixture
def database(cloned_database) -> DatabaseSettings:
    return cloned_database("probe_and_ledger", both)


@pytest.fixture
def rig(database, store_settings) -> Iterator[Rig]:
    with opened_rig(database, store_settings) as rig:
        yield rig


def attempted(rig: Rig, days_ago: int, outcome: str, usd: str | None) -> UUID:
    """An attempt, and the call that it made."""
    operation_id, call_id = uuid4(), uuid4()
    rig.execute(
        "INSERT INTO ledger.stage_metrics (tenant, service, stage, target, operation_id, attempt, outcome, wall_s, queue_wait_s, bytes_in,"
        " bytes_out, cached, created_at) VALUES ('acme', 'any', %(outcome)s, '', %(operation)s, 1, %(outcome)s, 1, 0, 0, 0, false,"
        " now() - make_interval(days => %(days)s))",
        operation=operation_id, outcome=outcome, days=days_ago,
    )  # fmt: skip
    if usd is not None:
        rig.execute(
            "INSERT INTO ledger.call_intent (id, tenant, service, stage, target, operation_id, attempt, provider, model, bound, bound_usd,"
            " price_source, created_at) VALUES (%(id)s, 'acme', 'any', 'any', '', %(operation)s, 1, 'fake', 'dear', '{}', %(usd)s, '',"
            " now() - make_interval(days => %(days)s, secs => 1))",
            id=call_id, operation=operation_id, usd=Decimal(usd), days=days_ago,
        )  # fmt: skip
        rig.execute(
            "INSERT INTO ledger.cost_event (call_id, tenant, outcome, usage, usd, price_source, duration_s)"
            " VALUES (%(id)s, 'acme', 'ok', '{}', %(usd)s, '', 1)",
            id=call_id, usd=Decimal(usd),
        )  # fmt: skip
    return operation_id


def sums(rig: Rig, database: DatabaseSettings, until: date) -> CostSums:
    """What is told of all days until one."""

    async def ask() -> CostSums:
        ledger = Database(database, LEDGER)
        total = (await Costs(ledger).report("acme", CostQuery(by="day", until=until))).total
        await ledger.close()
        return total

    return rig.run(ask())


def test_old_attempts_are_forgotten_and_no_sum_changes_for_it(rig, database, store_settings):
    attempted(rig, 401, "succeeded", "1")
    wasted = attempted(rig, 401, "failed", "2")
    attempted(rig, 401, "died", None)
    young = [attempted(rig, 399, outcome, "4") for outcome in ("succeeded", "failed")]
    today = datetime.now(UTC).date()
    before = [sums(rig, database, day) for day in (today, today - timedelta(days=400))]
    assert [str(usd) for each in before for usd in (each.usd, each.wasted_usd)] == ["11", "6", "3", "2"]

    Retention(rig.connection(), Store(store_settings, SCHEMA), SETTINGS).run()

    left = {row["operation_id"] for row in rig.execute("SELECT operation_id FROM ledger.stage_metrics")}
    assert left == {wasted, *young}
    assert [sums(rig, database, day) for day in (today, today - timedelta(days=400))] == before


def test_where_there_is_no_ledger_the_rest_is_done(rig, store_settings):
    rig.execute("DROP SCHEMA ledger CASCADE")
    rig.execute(
        "INSERT INTO operation (id, tenant, kind, queue, state, request, request_sha256, max_attempts, timeout_s, ended_at)"
        " VALUES (gen_random_uuid(), 'acme', 'fronts', 'front', 'succeeded', '{}', '', 3, 60, now() - interval '31 days')"
    )
    Retention(rig.connection(), Store(store_settings, SCHEMA), SETTINGS).run()
    assert rig.execute("SELECT * FROM operation") == []
