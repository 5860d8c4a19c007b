"""How what stages took is written down."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

import psycopg

from setu_common.contracts.cost import StageMetrics

_INSERT: Final[LiteralString] = """
INSERT INTO ledger.stage_metrics (tenant, service, job_id, stage, target, operation_id, attempt, outcome, problem, wall_s, cpu_s,
    peak_rss_bytes, queue_wait_s, bytes_in, bytes_out, cached, model, model_load_s, model_time_s, audio_s)
VALUES (%(tenant)s, %(service)s, %(job_id)s, %(stage)s, %(target)s, %(operation_id)s, %(attempt)s, %(outcome)s, %(problem)s, %(wall_s)s,
    %(cpu_s)s, %(peak_rss_bytes)s, %(queue_wait_s)s, %(bytes_in)s, %(bytes_out)s, %(cached)s, %(model)s, %(model_load_s)s,
    %(model_time_s)s, %(audio_s)s)
"""


def write_stage_metrics(
    connection: psycopg.Connection[Any], rows: Sequence[StageMetrics]
) -> None:  # Any: whatever its rows are
    """Write rows, in the caller's transaction.

    Raises:
        psycopg.errors.UndefinedTable: the ledger has not been migrated.
    """
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, [row.model_dump() for row in rows])
