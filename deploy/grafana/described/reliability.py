"""What is broken: processes, circuits, calls, errors, lost work."""

from described.panels import GREEN, RED, YELLOW, Board, Heading, Panel, Prom

RELIABILITY = Board(
    "setu-reliability",
    "Setu: reliability",
    "What is broken: processes, circuits, calls that fail and are made again, errors that callers see, work that is lost.",
    (
        Heading("Processes"),
        Panel(
            "Answering",
            "1 for each process that answers Prometheus. A scaled worker has a line for each of its containers.",
            "none",
            (Prom('up{job!="prometheus"}', "{{job}} {{instance}}"),),
            width=12,
            most=1,
        ),
        Panel(
            "Memory of APIs",
            "Resident. What only grows is a leak.",
            "bytes",
            (Prom("process_resident_memory_bytes", "{{job}} {{instance}}"),),
            width=6,
        ),
        Panel(
            "Alerts",
            "Alerts of Prometheus that fire, or are about to.",
            "none",
            (Prom("count by (alertname, alertstate) (ALERTS) or vector(0)", "{{alertname}} {{alertstate}}"),),
            width=6,
            steps=((1, YELLOW),),
        ),
        Heading("Calls to others"),
        Panel(
            "Circuits that are not closed",
            "1 while a circuit is open or half open. Calls through an open one are refused at once. `setu breakers` shows and overrides them.",
            "none",
            (Prom('max by (breaker, state) (setu_breaker_state{state!="closed"})', "{{breaker}} {{state}}"),),
            steps=((1, RED),),
            most=1,
        ),
        Panel(
            "Changes of circuits",
            "How often circuits changed in the last hour, and why: `failures`, `probe`, `shared` (another process said so), `operator`.",
            "none",
            (
                Prom(
                    "sum by (breaker, state, cause) (increase(setu_breaker_changes_total[1h]))",
                    "{{breaker}} {{state}} ({{cause}})",
                ),
            ),
        ),
        Panel(
            "Calls that fail",
            "The share of attempts at calls that failed, by dependency, over five minutes.",
            "percentunit",
            (Prom("dependency:setu_call_failures:ratio_rate5m", "{{dependency}}"),),
            steps=((0.1, YELLOW), (0.5, RED)),
            most=1,
        ),
        Panel(
            "Attempts",
            "Attempts a second, by dependency and outcome: `ok`, or what went wrong.",
            "ops",
            (
                Prom(
                    "sum by (dependency, outcome) (rate(setu_call_attempts_total[$__rate_interval]))",
                    "{{dependency}} {{outcome}}",
                ),
            ),
        ),
        Panel(
            "Calls made again",
            "Repetitions of the last hour, by dependency and by why. They are few, or something is wrong; each dependency has a budget of them.",
            "none",
            (
                Prom(
                    "sum by (dependency, failure) (increase(setu_call_repeats_total[1h]))",
                    "{{dependency}} {{failure}}",
                ),
            ),
        ),
        Panel(
            "95 of 100 calls take less than",
            "How long attempts at calls take, by dependency.",
            "s",
            (
                Prom(
                    "histogram_quantile(0.95, sum by (dependency, le) (rate(setu_call_seconds_bucket[$__rate_interval])))",
                    "{{dependency}}",
                ),
            ),
        ),
        Heading("Answers to callers"),
        Panel(
            "Answered with 5xx",
            "The share of requests that are answered with an error of ours, by process. 503: something that it needs is away; 500: a defect.",
            "percentunit",
            (
                Prom(
                    """(sum by (job) (rate(http_requests_total{status="5xx"}[$__rate_interval]))
                    or 0 * sum by (job) (rate(http_requests_total[$__rate_interval])))
                    / sum by (job) (rate(http_requests_total[$__rate_interval]))""",
                    "{{job}}",
                ),
            ),
            steps=((0.01, YELLOW), (0.05, RED)),
            most=1,
        ),
        Panel(
            "Requests by route",
            "Requests a second at the gateway, by route and class of status.",
            "reqps",
            (
                Prom(
                    'sum by (method, handler, status) (rate(http_requests_total{job="gateway-api"}[$__rate_interval]))',
                    "{{method}} {{handler}} {{status}}",
                ),
            ),
        ),
        Panel(
            "95 of 100 answers begin within",
            "How long callers wait for the first byte, by process. Requests that ask to wait for an operation are among them.",
            "s",
            (
                Prom(
                    "histogram_quantile(0.95, sum by (job, le) (rate(http_request_duration_highr_seconds_bucket[$__rate_interval])))",
                    "{{job}}",
                ),
            ),
            steps=((1, YELLOW),),
        ),
        Heading("Work"),
        Panel(
            "Attempts that died or were lost",
            "Of the last hour. `died`: the process did, mostly for want of memory; `lost`: its worker or machine did, or its lease ran out.",
            "none",
            (
                Prom(
                    'sum by (kind, outcome) (increase(setu_operation_attempts_total{outcome=~"died|lost"}[1h]))',
                    "{{kind}} {{outcome}}",
                ),
            ),
            steps=((1, YELLOW), (3, RED)),
        ),
        Panel(
            "Results refused",
            "Results of the last hour that came after the lease was lost: the work was done twice, and counted once.",
            "none",
            (Prom("sum by (kind) (increase(setu_operation_results_refused_total[1h]))", "{{kind}}"),),
            steps=((1, YELLOW),),
        ),
        Panel(
            "Operations that failed for good",
            "Of the last hour, by kind. A job can do without some of them, and is degraded then.",
            "none",
            (Prom('sum by (kind) (increase(setu_operation_ends_total{state="failed"}[1h]))', "{{kind}}"),),
            steps=((1, YELLOW),),
        ),
        Panel(
            "Left on the store's disk",
            "Free space of the disk that recordings and results are on, and its size.",
            "bytes",
            (Prom("min(setu_store_free_bytes)", "free"), Prom("max(setu_store_size_bytes)", "size")),
            width=12,
        ),
        Panel(
            "Left on the store's disk, of all",
            "Below a tenth somebody is called.",
            "percentunit",
            (Prom("setu:store_free:ratio", "free"),),
            kind="gauge",
            width=12,
            steps=((0, RED), (0.1, YELLOW), (0.2, GREEN)),
            most=1,
        ),
    ),
)
