"""Whether all is well, at a glance."""

from described.panels import GREEN, RED, YELLOW, Board, Heading, Panel, Prom, Sql, stat

OVERVIEW = Board(
    "setu-overview",
    "Setu: overview",
    "Whether all is well: what runs, what waits, what fails, what it costs. The other dashboards say why.",
    (
        stat(
            "Processes away",
            "Processes that Prometheus knows and that do not answer. Any is worth a look: see Reliability.",
            "none",
            Prom('count(up{job!="prometheus"} == 0) or vector(0)'),
            ((1, RED),),
        ),
        stat(
            "Jobs under way",
            "Jobs that were accepted and have not ended: each has one operation in the queue pipeline.",
            "none",
            Prom('sum(queue_state:setu_queue_operations:max{queue="pipeline"})'),
        ),
        stat(
            "Jobs ended in an hour",
            "Runs of jobs that ended in the last hour, however they did.",
            "none",
            Prom("sum(increase(setu_job_ends_total[1h]))"),
        ),
        stat(
            "Jobs failed in an hour",
            "The share of the last hour's jobs that delivered nothing. Over a fifth calls for somebody. Nothing is shown where none ended.",
            "percentunit",
            Prom("setu:job_failures:ratio_increase1h"),
            ((0.05, YELLOW), (0.2, RED)),
        ),
        stat(
            "Oldest work that waits",
            "For how long the oldest operation of any queue could have been begun, had there been a worker free.",
            "s",
            Prom("max(queue:setu_queue_oldest_seconds:max)"),
            ((120, YELLOW), (600, RED)),
        ),
        stat(
            "Open circuits",
            "Dependencies to which calls are refused at once, since too many failed.",
            "none",
            Prom('count(max by (breaker) (setu_breaker_state{state="open"}) == 1) or vector(0)'),
            ((1, RED),),
        ),
        stat(
            "Spent in this time",
            "What calls cost that began in the time shown, as the ledger has it: unresolved ones at their bound, unpriced ones not at all.",
            "currencyUSD",
            Sql("SELECT coalesce(sum(usd), 0) AS usd FROM ledger.call WHERE $__timeFilter(created_at)"),
        ),
        stat(
            "Fullest budget",
            "How much is spent or reserved of the budget for the month that is used up furthest. At 1 its jobs deliver unedited drafts.",
            "percentunit",
            Prom("max(setu_budget_used_ratio)"),
            ((0.8, YELLOW), (1, RED)),
        ),
        stat(
            "Left on the store's disk",
            "Free space of the disk that recordings and results are on. When there is none, uploads are refused.",
            "percentunit",
            Prom("setu:store_free:ratio"),
            ((0, RED), (0.1, YELLOW), (0.2, GREEN)),
        ),
        stat(
            "Alerts that fire",
            "Alerts of Prometheus that fire now; each says what to do.",
            "none",
            Prom('count(ALERTS{alertstate="firing"}) or vector(0)'),
            ((1, YELLOW),),
        ),
        stat(
            "Sound heard in an hour",
            "How much sound was transcribed in the last hour, without what was taken from earlier work.",
            "s",
            Prom('sum(increase(setu_operation_audio_seconds_total{kind="transcriptions"}[1h]))'),
        ),
        stat(
            "Translations' quality",
            "Mean score of texts after editing in the time shown, 0 to 100, by the enhancer's own scorer. Nothing is shown where none was scored.",
            "none",
            Prom(
                """sum(increase(setu_translation_quality_score_sum{moment="after"}[$__range]))
                / sum(increase(setu_translation_quality_score_count{moment="after"}[$__range]))"""
            ),
            ((0, RED), (60, YELLOW), (75, GREEN)),
        ),
        Heading("Over time"),
        Panel(
            "Jobs that end",
            "Runs of jobs that ended, by how they did; degraded ones count as succeeded.",
            "none",
            (Prom("sum by (state) (increase(setu_job_ends_total[$__rate_interval]))", "{{state}}"),),
            stacked=True,
        ),
        Panel(
            "How long jobs take",
            "From acceptance to end, of jobs that delivered: half are below the lower line, 95 of 100 below the upper.",
            "s",
            (
                Prom("histogram_quantile(0.5, sum by (le) (rate(setu_job_seconds_bucket[$__rate_interval])))", "half"),
                Prom("histogram_quantile(0.95, sum by (le) (rate(setu_job_seconds_bucket[$__rate_interval])))", "95 of 100"),
            ),
        ),
        Panel(
            "Work that waits",
            "Operations that could be begun now, by queue. What grows and does not shrink again needs more workers.",
            "none",
            (Prom('queue_state:setu_queue_operations:max{state="waiting"}', "{{queue}}"),),
            stacked=True,
        ),
        Panel(
            "Jobs by day",
            "Jobs that ended, by day (UTC) and end, as the ledger has them; they stay when Prometheus has forgotten.",
            "none",
            (
                Sql(
                    """SELECT date_trunc('day', ended_at, 'UTC') AS time, state AS metric, count(*)::float8 AS value
                    FROM ledger.job_outcome WHERE $__timeFilter(ended_at) GROUP BY 1, 2 ORDER BY 1""",
                    over_time=True,
                ),
            ),
            width=12,
            stacked=True,
        ),
        Panel(
            "Requests",
            "Requests a second that the gateway answers, by class of status. 5xx are faults of ours.",
            "reqps",
            (Prom('sum by (status) (rate(http_requests_total{job="gateway-api"}[$__rate_interval]))', "{{status}}"),),
            width=12,
            stacked=True,
        ),
    ),
)
