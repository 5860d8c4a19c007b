"""How what stages took is written down, and forgotten in time."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg

from setu_common.contracts.cost import StageMetrics
from setu_common.cost.hours import FORGET_DAYS, FORGET_HOURS
from setu_common.cost.outcomes import FORGET_OUTCOMES

_INSERT: Final[LiteralString] = """
INSERT INTO ledger.stage_metrics (tenant, service, job_id, stage, target, operation_id, attempt, outcome, problem, wall_s, cpu_s,
    peak_rss_bytes, mean_rss_bytes, gpu_percent, peak_gpu_bytes, queue_wait_s, bytes_in, bytes_out, cached, model, model_load_s,
    model_time_s, audio_s, once)
VALUES (%(tenant)s, %(service)s, %(job_id)s, %(stage)s, %(target)s, %(operation_id)s, %(attempt)s, %(outcome)s, %(problem)s, %(wall_s)s,
    %(cpu_s)s, %(peak_rss_bytes)s, %(mean_rss_bytes)s, %(gpu_percent)s, %(peak_gpu_bytes)s, %(queue_wait_s)s, %(bytes_in)s, %(bytes_out)s,
    %(cached)s, %(model)s, %(model_load_s)s, %(model_time_s)s, %(audio_s)s, %(once)s)
ON CONFLICT (once) WHERE once IS NOT NULL DO NOTHING
"""


# Nothing is forgotten before it was added up. What is kept longer: attempts that were in vain though they cost something, since sums tell what was wasted, and those stay as they are.
_FORGET_STAGES: Final[LiteralString] = """
DELETE FROM ledger.stage_metrics WHERE id IN (
    SELECT m.id FROM ledger.stage_metrics m WHERE m.rolled AND m.created_at < now() - make_interval(days => %(days)s)
        AND (m.outcome = 'succeeded' OR NOT EXISTS (SELECT FROM ledger.call_intent i WHERE i.operation_id = m.operation_id))
    ORDER BY m.created_at LIMIT 1000)
"""
# What a call took from a budget is given back or spent by then.
_FORGET_RESERVATIONS: Final[LiteralString] = """
DELETE FROM ledger.reservation WHERE (call_id, budget_id) IN (
    SELECT call_id, budget_id FROM ledger.reservation WHERE settled_at < now() - make_interval(days => %(days)s) LIMIT 1000)
"""
AGEING: Final[tuple[LiteralString, ...]] = (_FORGET_STAGES, _FORGET_RESERVATIONS, FORGET_OUTCOMES, FORGET_HOURS, FORGET_DAYS)
"""What ends in time of the ledger; each to be repeated until it finds nothing. Takes ``days``, and ``hours_days`` for what attempts were
added up to. What calls cost is kept for good."""


def insertion_of(
    row: StageMetrics, once: UUID | None = None
) -> tuple[LiteralString, dict[str, Any]]:  # Any: whatever the database takes
    """What writes a row, for callers who write it in their own way: the statement and its values. ``once`` is as below."""
    return _INSERT, {**row.model_dump(), "once": once}


def write_stage_metrics(
    connection: psycopg.Connection[Any],  # Any: whatever its rows are
    rows: Sequence[StageMetrics],
    once: Sequence[UUID] = (),
) -> None:
    """Write rows, in the caller's transaction.

    Args:
        connection: of any schema.
        rows: what attempts took.
        once: a name for each row, under which it is written once however often it is tried; without, each is a row more.

    Raises:
        psycopg.errors.UndefinedTable: the ledger has not been migrated.
    """
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, [insertion_of(row, name)[1] for row, name in zip_longest(rows, once[: len(rows)])])
