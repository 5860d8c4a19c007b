"""The counterpart of operations: a bare Celery worker whose tasks each commit one row."""

import os

import psycopg
from celery import Celery

app = Celery("plain", broker=os.environ.get("REDIS_URL"))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True)
_connection: psycopg.Connection[tuple[object, ...]] | None = None


@app.task(name="plain.work")  # type: ignore[untyped-decorator]  # Celery ships no types
def work(number: int) -> None:
    """Commit one row."""
    global _connection  # noqa: PLW0603 (one connection a process, as a plain worker would have)
    if _connection is None:
        _connection = psycopg.connect(os.environ["DATABASE_URL"])
    _connection.execute("INSERT INTO plain_result (number) VALUES (%s)", (number,))
    _connection.commit()
