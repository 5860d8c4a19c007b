"""Language models and translation: calls, tokens, what was spared, and how good texts become."""

from described.panels import RED, YELLOW, Board, Heading, Panel, Prom, Sql

LANGUAGE = Board(
    "setu-language",
    "Setu: LLM and translation",
    "What language models are asked, how fast they answer, what was spared, and how good translations become.",
    (
        Heading("Calls"),
        Panel(
            "Calls",
            "Calls a second that are billed or computed here, by model and outcome. `cached` ones were spared; of `unresolved` ones nobody knows what they used.",
            "ops",
            (
                Prom(
                    "sum by (provider, model, outcome) (rate(setu_paid_calls_total[$__rate_interval]))",
                    "{{provider}}/{{model}} {{outcome}}",
                ),
            ),
            stacked=True,
        ),
        Panel(
            "95 of 100 calls take less than",
            "How long models take to answer.",
            "s",
            (
                Prom(
                    "histogram_quantile(0.95, sum by (provider, model, le) (rate(setu_paid_call_seconds_bucket[$__rate_interval])))",
                    "{{provider}}/{{model}}",
                ),
            ),
            steps=((30, YELLOW), (120, RED)),
        ),
        Panel(
            "Calls that fail",
            "The share of calls that gave no answer that could be used. What failed is billed all the same.",
            "percentunit",
            (
                Prom(
                    """(sum by (provider, model) (rate(setu_paid_calls_total{outcome=~"failed|aborted|unresolved"}[$__rate_interval]))
                    or 0 * sum by (provider, model) (rate(setu_paid_calls_total[$__rate_interval])))
                    / sum by (provider, model) (rate(setu_paid_calls_total[$__rate_interval]))""",
                    "{{provider}}/{{model}}",
                ),
            ),
            steps=((0.05, YELLOW), (0.2, RED)),
            most=1,
        ),
        Heading("Tokens"),
        Panel(
            "Tokens",
            "Tokens a second, by type. `cache_read` ones were in the provider's own cache, and are cheaper.",
            "none",
            (Prom("sum by (type) (rate(setu_tokens_total[$__rate_interval]))", "{{type}}"),),
            stacked=True,
        ),
        Panel(
            "Tokens by model",
            "Tokens of the last hour.",
            "none",
            (Prom("sum by (provider, model) (increase(setu_tokens_total[1h]))", "{{provider}}/{{model}}"),),
            stacked=True,
        ),
        Panel(
            "Input from a provider's cache",
            "The share of input that providers had in their caches: prompts that begin alike are cheaper.",
            "percentunit",
            (
                Prom(
                    """(sum(increase(setu_tokens_total{type="cache_read"}[1h])) or vector(0))
                    / sum(increase(setu_tokens_total{type=~"input|cache_read|cache_write"}[1h]))""",
                    "cache",
                ),
            ),
            most=1,
        ),
        Heading("Spared"),
        Panel(
            "Lines found among earlier edits",
            "The share of lines that were looked for among earlier edits and found there, so that no model was asked.",
            "percentunit",
            (
                Prom(
                    """sum(rate(setu_enhancer_memory_lines_total{outcome="found"}[$__rate_interval]))
                    / sum(rate(setu_enhancer_memory_lines_total[$__rate_interval]))""",
                    "found",
                ),
            ),
            most=1,
        ),
        Panel(
            "Calls that were spared",
            "The share of calls whose answer lay here already.",
            "percentunit",
            (
                Prom(
                    """(sum(increase(setu_paid_calls_total{outcome="cached"}[1h])) or vector(0))
                    / sum(increase(setu_paid_calls_total[1h]))""",
                    "cached",
                ),
            ),
            most=1,
        ),
        Panel(
            "Calls that no budget allowed",
            "Calls of the last hour that were not made: a budget was used up, or nobody knew what they would cost.",
            "none",
            (Prom("sum by (reason) (increase(setu_calls_refused_total[1h]))", "{{reason}}"),),
            steps=((1, YELLOW),),
        ),
        Heading("Translations"),
        Panel(
            "Quality",
            "Mean score of texts, before and after editing, 0 to 100, by the enhancer's own scorer.",
            "none",
            (
                Prom(
                    """sum by (moment) (increase(setu_translation_quality_score_sum[1h]))
                    / sum by (moment) (increase(setu_translation_quality_score_count[1h]))""",
                    "{{moment}}",
                ),
            ),
            most=100,
        ),
        Panel(
            "Lines",
            "What became of lines in the last hour: seen, selected for editing, edited by a model, and kept, since they passed the guards and scored better.",
            "none",
            (Prom("sum by (outcome) (increase(setu_enhancer_lines_total[1h]))", "{{outcome}}"),),
        ),
        Panel(
            "Texts",
            "What became of texts in the last hour. `degraded`: less was done than asked, such as that a budget is used up; `skipped`: there is nobody to ask.",
            "none",
            (Prom("sum by (outcome) (increase(setu_enhancer_texts_total[1h]))", "{{outcome}}"),),
            stacked=True,
        ),
        Panel(
            "How long translating and editing take",
            "95 of 100 attempts take less.",
            "s",
            (
                Prom(
                    """histogram_quantile(0.95, sum by (kind, le) (rate(
                    setu_operation_attempt_seconds_bucket{kind=~"translations|enhancements|quality-scores"}[$__rate_interval])))""",
                    "{{kind}}",
                ),
            ),
            width=12,
        ),
        Panel(
            "Quality by language",
            "Mean scores of the translations of the jobs that ended in the time shown, as the ledger has them.",
            "none",
            (
                Sql(
                    """SELECT target ->> 'target' AS language, count(*) AS texts, sum((target ->> 'lines')::int) AS lines,
                        sum((target ->> 'edited')::int) AS edited, avg((target ->> 'score_before')::float8) AS before,
                        avg((target ->> 'score_after')::float8) AS after
                    FROM ledger.job_outcome, jsonb_array_elements(targets) AS target
                    WHERE $__timeFilter(ended_at) GROUP BY 1 ORDER BY texts DESC"""
                ),
            ),
            kind="table",
            width=12,
        ),
    ),
)
