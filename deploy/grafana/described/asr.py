"""Transcription: its workers, their models, GPUs, and what was predicted of it."""

from described.panels import RED, YELLOW, Board, Heading, Panel, Prom, Sql

_TRANSCRIBED = 'kind="transcriptions"'

ASR = Board(
    "setu-asr",
    "Setu: ASR workers and GPU",
    "How fast speech is heard, what holds it up, and whether what was predicted comes true.",
    (
        Heading("Speed"),
        Panel(
            "Times faster than real time",
            "Seconds of sound transcribed in a second of work. Below 1 a recording takes longer to transcribe than to play.",
            "none",
            (
                Prom(
                    f"""sum(rate(setu_operation_audio_seconds_total{{{_TRANSCRIBED}}}[$__rate_interval]))
                    / sum(rate(setu_operation_attempt_seconds_sum{{{_TRANSCRIBED}}}[$__rate_interval]))""",
                    "transcription",
                ),
            ),
        ),
        Panel(
            "Work of the asr service",
            "Operations in its queue. Where they wait while the worker's processors are not all busy, raise SETU_WORKER_CONCURRENCY.",
            "none",
            (Prom('sum by (state) (queue_state:setu_queue_operations:max{queue="asr"})', "{{state}}"),),
            stacked=True,
        ),
        Panel(
            "How long it takes",
            "Attempts at transcribing, at measuring recordings, and at English from sound: 95 of 100 take less.",
            "s",
            (
                Prom(
                    """histogram_quantile(0.95, sum by (kind, le) (rate(
                    setu_operation_attempt_seconds_bucket{kind=~"transcriptions|profiles|speech-translations"}[$__rate_interval])))""",
                    "{{kind}}",
                ),
            ),
        ),
        Heading("Workers"),
        Panel(
            "Memory",
            "Of each worker with its children, resident. What comes near the machine's or the container's end gets processes killed.",
            "bytes",
            (Prom("setu_worker_resident_memory_bytes", "{{job}} {{instance}}"),),
        ),
        Panel(
            "Processors",
            "How many processors the asr service's attempts take, mean.",
            "none",
            (
                Prom(
                    """sum by (kind) (rate(
                    setu_operation_cpu_seconds_total{kind=~"transcriptions|profiles|speech-translations"}[$__rate_interval]))""",
                    "{{kind}}",
                ),
            ),
            stacked=True,
        ),
        Panel(
            "Processes",
            "Of each worker with its children. A number that jumps says that children end and are started again.",
            "none",
            (Prom("setu_worker_processes", "{{job}} {{instance}}"),),
        ),
        Heading("Models"),
        Panel(
            "In memory",
            "Speech models that workers have loaded.",
            "none",
            (Prom("sum by (model) (setu_models_loaded)", "{{model}}"),),
            stacked=True,
        ),
        Panel(
            "Found in memory",
            "The share of uses that found their model loaded. Where it is low, raise SETU_ASR_IDLE_TTL_S or SETU_ASR_LOADED_MODELS.",
            "percentunit",
            (
                Prom(
                    """sum(increase(setu_model_leases_total{outcome="hit"}[1h])) / sum(increase(setu_model_leases_total[1h]))
                    or sum(setu_model_leases_total{outcome="hit"}) / sum(setu_model_leases_total)""",
                    "hits",
                ),
            ),
            most=1,
        ),
        Panel(
            "How long loading takes",
            "95 of 100 loads take less. The first fetches the model, where it is not there yet.",
            "s",
            (
                Prom(
                    "histogram_quantile(0.95, sum by (model, le) (increase(setu_model_load_seconds_bucket[1h])))",
                    "{{model}}",
                ),
            ),
        ),
        Heading("GPU"),
        Panel(
            "Use of the GPU",
            "Mean use while attempts ran, by kind. Low use with work that waits: raise SETU_ASR_BATCH_SIZE, or the worker's concurrency.",
            "percent",
            (
                Sql(
                    """SELECT date_trunc('minute', created_at) AS time, stage AS metric, avg(gpu_percent) AS value
                    FROM ledger.stage_metrics WHERE $__timeFilter(created_at) AND gpu_percent IS NOT NULL GROUP BY 1, 2 ORDER BY 1""",
                    over_time=True,
                ),
            ),
            width=12,
            most=100,
        ),
        Panel(
            "Memory of the GPU",
            "The most that attempts held, by kind.",
            "bytes",
            (
                Sql(
                    """SELECT date_trunc('minute', created_at) AS time, stage AS metric, max(peak_gpu_bytes)::float8 AS value
                    FROM ledger.stage_metrics WHERE $__timeFilter(created_at) AND peak_gpu_bytes IS NOT NULL GROUP BY 1, 2 ORDER BY 1""",
                    over_time=True,
                ),
            ),
            width=12,
        ),
        Heading("Predictions"),
        Panel(
            "Time over predicted time",
            "The middle of a day's transcriptions: 1 is as predicted. Beyond the dashed line estimates mislead: calibrate the machine.",
            "none",
            (Prom("setu:time_ratio:p50_increase1d", "half"),),
            steps=((1.5, RED),),
        ),
        Panel(
            "Errors less predicted errors",
            "Mean of a day, in shares of words, by what is known of errors: counted in corrections, or estimated. 0 is as predicted.",
            "percentunit",
            (
                Prom(
                    """sum by (basis) (increase(setu_optimizer_wer_error_sum[1d]))
                    / sum by (basis) (increase(setu_optimizer_wer_error_count[1d]))""",
                    "{{basis}}",
                ),
            ),
        ),
        Panel(
            "Drift",
            "How far last week's recordings have moved from those that were learned from (population stability): 0.1 is little, 0.25 much.",
            "none",
            (Prom("max by (feature) (setu_optimizer_feature_drift)", "{{feature}}"),),
            steps=((0.1, YELLOW), (0.25, RED)),
        ),
    ),
)
