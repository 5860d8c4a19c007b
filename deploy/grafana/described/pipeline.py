"""Where jobs' time goes: queues, stages, attempts."""

from described.panels import RED, YELLOW, Board, Heading, Panel, Prom, Sql

PIPELINE = Board(
    "setu-pipeline",
    "Setu: pipeline and stages",
    "Where jobs' time goes: what waits in which queue, how long each kind of work takes, and what is done in vain.",
    (
        Heading("Queues"),
        Panel(
            "Waiting",
            "Operations that could be begun now. `asleep` ones are not among them: they wait for another stage, or pause before another attempt.",
            "none",
            (Prom('queue_state:setu_queue_operations:max{state="waiting"}', "{{queue}}"),),
            stacked=True,
        ),
        Panel(
            "Running",
            "Operations that a worker is at. Where it stays at what its workers can do at once, and work waits, more of them would help.",
            "none",
            (Prom('queue_state:setu_queue_operations:max{state="running"}', "{{queue}}"),),
            stacked=True,
        ),
        Panel(
            "Age of the oldest that waits",
            "For how long the oldest could have been begun. From the dashed line on somebody is called.",
            "s",
            (Prom("queue:setu_queue_oldest_seconds:max", "{{queue}}"),),
            steps=((120, YELLOW), (600, RED)),
        ),
        Heading("Attempts"),
        Panel(
            "Attempts",
            "Attempts a second, by kind of work and by what became of them. `stopped` ones were cancelled, or handed back at a shutdown.",
            "ops",
            (Prom("kind_outcome:setu_operation_attempts:rate5m", "{{kind}} {{outcome}}"),),
            width=12,
            stacked=True,
        ),
        Panel(
            "Attempts that fail",
            "The share of attempts that failed, or whose process or worker died, over a quarter of an hour.",
            "percentunit",
            (Prom("kind:setu_operation_failures:ratio_rate15m", "{{kind}}"),),
            width=12,
            steps=((0.1, YELLOW), (0.25, RED)),
            most=1,
        ),
        Panel(
            "Half of attempts take less than",
            "Median time of attempts, without waiting.",
            "s",
            (Prom("kind:setu_operation_attempt_seconds:p50_rate5m", "{{kind}}"),),
        ),
        Panel(
            "95 of 100 attempts take less than",
            "Where this is far above the median, single recordings are much harder or longer than others.",
            "s",
            (Prom("kind:setu_operation_attempt_seconds:p95_rate5m", "{{kind}}"),),
        ),
        Panel(
            "95 of 100 wait less than",
            "From when an attempt could have begun to when it began. Waiting is mended by more workers, and by nothing else.",
            "s",
            (Prom("kind:setu_operation_queue_wait_seconds:p95_rate5m", "{{kind}}"),),
            steps=((120, YELLOW), (600, RED)),
        ),
        Panel(
            "Processors",
            "How many processors the attempts at each kind of work take, mean.",
            "none",
            (Prom("sum by (kind) (rate(setu_operation_cpu_seconds_total[$__rate_interval]))", "{{kind}}"),),
            width=12,
            stacked=True,
        ),
        Panel(
            "Taken from earlier work",
            "The share of attempts whose result was there already, and cost nothing.",
            "percentunit",
            (
                Prom(
                    """sum by (kind) (rate(setu_operation_reused_total[$__rate_interval]))
                    / sum by (kind) (rate(setu_operation_attempts_total{outcome="succeeded"}[$__rate_interval]))""",
                    "{{kind}}",
                ),
            ),
            width=12,
            most=1,
        ),
        Heading("From the ledger"),
        Panel(
            "Stages",
            "Each kind of work in the time shown. `share` is of all time that work took: over a fifth is a bottleneck.",
            "none",
            (
                Sql(
                    """SELECT service, stage, count(*) AS attempts,
                        (count(*) FILTER (WHERE outcome = 'succeeded'))::float8 / count(*) AS succeeded,
                        percentile_cont(0.5) WITHIN GROUP (ORDER BY wall_s) AS "half below",
                        percentile_cont(0.95) WITHIN GROUP (ORDER BY wall_s) AS "95 of 100 below",
                        avg(queue_wait_s) AS "mean wait", sum(wall_s) / nullif(sum(sum(wall_s)) OVER (), 0) AS share,
                        sum(cpu_s) / nullif(sum(wall_s), 0) AS cpu, max(peak_rss_bytes) AS "peak memory"
                    FROM ledger.stage_metrics WHERE $__timeFilter(created_at) GROUP BY 1, 2 ORDER BY share DESC"""
                ),
            ),
            kind="table",
            width=24,
            height=10,
            units=(
                ("succeeded", "percentunit"),
                ("half below", "s"),
                ("95 of 100 below", "s"),
                ("mean wait", "s"),
                ("share", "percentunit"),
                ("cpu", "percentunit"),
                ("peak memory", "bytes"),
            ),
        ),
        Panel(
            "Time by stage",
            "Seconds of work a day (UTC), by kind.",
            "s",
            (
                Sql(
                    """SELECT date_trunc('day', created_at, 'UTC') AS time, stage AS metric, sum(wall_s) AS value FROM ledger.stage_metrics
                    WHERE $__timeFilter(created_at) GROUP BY 1, 2 ORDER BY 1""",
                    over_time=True,
                ),
            ),
            width=12,
            stacked=True,
        ),
        Panel(
            "Jobs of the time shown",
            "How jobs ended: `degraded` ones delivered less than was asked for, and say why.",
            "none",
            (
                Sql(
                    """SELECT state, degraded, count(*) AS jobs, sum(audio_s) AS sound,
                        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at)) AS "half below",
                        percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - created_at)) AS "95 of 100 below"
                    FROM ledger.job_outcome WHERE $__timeFilter(ended_at) GROUP BY 1, 2 ORDER BY 1, 2"""
                ),
            ),
            kind="table",
            width=12,
            units=(("sound", "s"), ("half below", "s"), ("95 of 100 below", "s")),
        ),
    ),
)
