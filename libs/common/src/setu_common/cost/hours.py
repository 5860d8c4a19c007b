"""What attempts took is added up, by the hour and then by the day, so that trends are told fast, and long after attempts are forgotten.

An attempt is marked in the statement that adds it up, and what is told of a time is what was added up and what is not marked yet. So
each counts once, whenever it is written down and whatever is killed; it is only told from another place. Hours are added up to days in
the same way, and stay for who asks by the hour.
"""

from typing import Final, LiteralString

SUMS: Final[LiteralString] = """
    count(*) AS attempts,
    count(*) FILTER (WHERE outcome = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE outcome IN ('failed', 'died', 'lost')) AS failed,
    count(*) FILTER (WHERE outcome = 'succeeded' AND cached) AS cached,
    sum(wall_s) AS wall_s,
    coalesce(sum(wall_s) FILTER (WHERE outcome IN ('failed', 'died', 'lost')), 0) AS vain_s,
    coalesce(sum(cpu_s), 0) AS cpu_s,
    coalesce(sum(wall_s) FILTER (WHERE cpu_s IS NOT NULL), 0) AS cpu_wall_s,
    sum(queue_wait_s) AS queue_wait_s,
    coalesce(sum(model_load_s), 0) AS model_load_s,
    coalesce(sum(audio_s), 0) AS audio_s,
    coalesce(sum(gpu_percent / 100 * wall_s), 0) AS gpu_s,
    coalesce(sum(wall_s) FILTER (WHERE gpu_percent IS NOT NULL), 0) AS gpu_wall_s,
    max(peak_rss_bytes) AS peak_rss_bytes,
    max(peak_gpu_bytes) AS peak_gpu_bytes
"""
"""What is told of some attempts together, in the columns of ``stage_hour``."""
COLUMNS: Final[LiteralString] = """
    attempts, succeeded, failed, cached, wall_s, vain_s, cpu_s, cpu_wall_s, queue_wait_s, model_load_s, audio_s, gpu_s, gpu_wall_s,
    peak_rss_bytes, peak_gpu_bytes
"""
ADDED: Final[LiteralString] = """
    sum(attempts)::bigint AS attempts, sum(succeeded)::bigint AS succeeded, sum(failed)::bigint AS failed, sum(cached)::bigint AS cached,
    sum(wall_s) AS wall_s, sum(vain_s) AS vain_s, sum(cpu_s) AS cpu_s, sum(cpu_wall_s) AS cpu_wall_s, sum(queue_wait_s) AS queue_wait_s,
    sum(model_load_s) AS model_load_s, sum(audio_s) AS audio_s, sum(gpu_s) AS gpu_s, sum(gpu_wall_s) AS gpu_wall_s,
    max(peak_rss_bytes) AS peak_rss_bytes, max(peak_gpu_bytes) AS peak_gpu_bytes
"""
"""The same of several such rows."""
TIMED: Final[LiteralString] = "outcome = 'succeeded' AND NOT cached"
"""Whose duration counts: what failed, or was taken from earlier work, says nothing of how long the work takes."""

_TURN: Final[LiteralString] = """
turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(hashtextextended('setu.ledger.hours', 0)) AS ours)
"""
_SPREAD: Final[LiteralString] = "array_agg(bucket ORDER BY bucket) AS buckets, array_agg(n ORDER BY bucket) AS counts"
_PARTS: Final[LiteralString] = """
    tenant, service, stage, {at}, duration_buckets, duration_counts, wait_buckets, wait_counts
"""

# One process at a time, and the others need not wait for it. The mark is looked at again on the row as it is when it is written.
ROLL_UP: Final[LiteralString] = f"""
WITH {_TURN}, taken AS (
    UPDATE ledger.stage_metrics SET rolled = true WHERE NOT rolled AND id IN (
        SELECT m.id FROM ledger.stage_metrics m, turn
        WHERE turn.ours AND NOT m.rolled AND m.created_at < date_trunc('hour', now(), 'UTC') ORDER BY m.created_at LIMIT 10000)
    RETURNING *, date_trunc('hour', created_at, 'UTC') AS hour
), durations AS (
    SELECT tenant, service, stage, hour, {_SPREAD}
    FROM (SELECT tenant, service, stage, hour, ledger.bucket(wall_s) AS bucket, count(*) AS n FROM taken WHERE {TIMED}
          GROUP BY 1, 2, 3, 4, 5) counted
    GROUP BY 1, 2, 3, 4
), waits AS (
    SELECT tenant, service, stage, hour, {_SPREAD}
    FROM (SELECT tenant, service, stage, hour, ledger.bucket(queue_wait_s) AS bucket, count(*) AS n FROM taken
          GROUP BY 1, 2, 3, 4, 5) counted
    GROUP BY 1, 2, 3, 4
), summed AS (
    SELECT tenant, service, stage, hour, {SUMS} FROM taken GROUP BY 1, 2, 3, 4)
INSERT INTO ledger.stage_hour ({_PARTS.format(at="hour")}, {COLUMNS})
SELECT tenant, service, stage, hour, coalesce(durations.buckets, '{{}}'), coalesce(durations.counts, '{{}}'), waits.buckets, waits.counts,
    {COLUMNS}
FROM summed JOIN waits USING (tenant, service, stage, hour) LEFT JOIN durations USING (tenant, service, stage, hour)
"""  # noqa: S608 (constants alone)
"""Adds up the attempts of hours that are over; to be repeated until it finds none."""

ROLL_UP_DAYS: Final[LiteralString] = f"""
WITH {_TURN}, taken AS (
    UPDATE ledger.stage_hour SET rolled = true WHERE NOT rolled AND id IN (
        SELECT h.id FROM ledger.stage_hour h, turn
        WHERE turn.ours AND NOT h.rolled AND h.hour < date_trunc('day', now(), 'UTC') ORDER BY h.hour LIMIT 5000)
    RETURNING *, date_trunc('day', hour, 'UTC') AS day
), durations AS (
    SELECT tenant, service, stage, day, {_SPREAD}
    FROM (SELECT tenant, service, stage, day, bucket, sum(n)::bigint AS n
          FROM taken, unnest(duration_buckets, duration_counts) AS each (bucket, n) GROUP BY 1, 2, 3, 4, 5) counted
    GROUP BY 1, 2, 3, 4
), waits AS (
    SELECT tenant, service, stage, day, {_SPREAD}
    FROM (SELECT tenant, service, stage, day, bucket, sum(n)::bigint AS n
          FROM taken, unnest(wait_buckets, wait_counts) AS each (bucket, n) GROUP BY 1, 2, 3, 4, 5) counted
    GROUP BY 1, 2, 3, 4
), summed AS (
    SELECT tenant, service, stage, day, {ADDED} FROM taken GROUP BY 1, 2, 3, 4)
INSERT INTO ledger.stage_day ({_PARTS.format(at="day")}, {COLUMNS})
SELECT tenant, service, stage, day, coalesce(durations.buckets, '{{}}'), coalesce(durations.counts, '{{}}'), waits.buckets, waits.counts,
    {COLUMNS}
FROM summed JOIN waits USING (tenant, service, stage, day) LEFT JOIN durations USING (tenant, service, stage, day)
"""  # noqa: S608 (constants alone)
"""Adds up the hours of days that are over; as above."""

FORGET_HOURS: Final[LiteralString] = """
DELETE FROM ledger.stage_hour WHERE id IN (
    SELECT id FROM ledger.stage_hour WHERE hour < now() - make_interval(days => %(hours_days)s) LIMIT 1000)
"""
"""Takes ``hours_days``; to be repeated until it finds nothing."""
FORGET_DAYS: Final[LiteralString] = """
DELETE FROM ledger.stage_day WHERE id IN (
    SELECT id FROM ledger.stage_day WHERE day < now() - make_interval(days => %(hours_days)s) LIMIT 1000)
"""
"""As above."""
