"""What is spent, on what, by whom, and how far budgets are used up. Sums are those of the API and of reports: the ledger's view ``call``."""

# ruff: noqa: S608  (statements of constants alone)

from described.panels import RED, YELLOW, Board, Heading, Panel, Prom, Sql, Variable, stat

_SHOWN = "WHERE $__timeFilter(created_at) AND tenant IN (${tenant:sqlstring})"

COSTS = Board(
    "setu-costs",
    "Setu: costs and budgets",
    "What is spent, on what, by whom, and how far budgets are used up. Calls that are unresolved count at their bound; unpriced ones not at all.",
    (
        stat(
            "Spent",
            "What calls cost that began in the time shown.",
            "currencyUSD",
            Sql(f"SELECT coalesce(sum(usd), 0) AS usd FROM ledger.call {_SHOWN}"),
        ),
        stat(
            "Of it unresolved",
            "Calls under way, or that broke off: what they cost at most. It should come down by itself; what stays was killed.",
            "currencyUSD",
            Sql(f"SELECT coalesce(sum(usd) FILTER (WHERE outcome = 'unresolved'), 0) AS usd FROM ledger.call {_SHOWN}"),
        ),
        stat(
            "Calls",
            "How many calls began in the time shown, spared ones too.",
            "none",
            Sql(f"SELECT count(*) AS calls FROM ledger.call {_SHOWN}"),
        ),
        stat(
            "Unpriced calls",
            "Calls of models that nobody knows a price of: they are missing in every sum. Set SETU_PRICES_OVERRIDES.",
            "none",
            Sql(f"SELECT count(*) FILTER (WHERE unpriced) AS calls FROM ledger.call {_SHOWN}"),
            ((1, RED),),
        ),
        stat(
            "Fullest budget",
            "How much is spent or reserved of the budget for the month that is used up furthest.",
            "percentunit",
            Prom("max(setu_budget_used_ratio)"),
            ((0.8, YELLOW), (1, RED)),
        ),
        stat(
            "Budgets used up",
            "Budgets for the month with nothing left. Their jobs deliver unedited drafts.",
            "none",
            Prom('max(setu_budgets{level="exhausted"})'),
            ((1, RED),),
        ),
        Heading("Where it goes"),
        Panel(
            "By day",
            "US dollars a day (UTC), by service.",
            "currencyUSD",
            (
                Sql(
                    f"""SELECT date_trunc('day', created_at, 'UTC') AS time, service AS metric, coalesce(sum(usd), 0)::float8 AS value
                    FROM ledger.call {_SHOWN} GROUP BY 1, 2 ORDER BY 1""",
                    over_time=True,
                ),
            ),
            width=12,
            stacked=True,
        ),
        Panel(
            "In the last hour, by model",
            "US dollars of the last hour at each moment, as workers count them.",
            "currencyUSD",
            (Prom("provider_model:setu_cost_usd:increase1h", "{{provider}}/{{model}}"),),
            width=12,
            stacked=True,
        ),
        Panel(
            "By model",
            "Each model in the time shown. `failed` calls are billed all the same; `cached` ones were spared.",
            "none",
            (
                Sql(
                    f"""SELECT provider, model, count(*) AS calls, count(*) FILTER (WHERE outcome IN ('failed', 'aborted')) AS failed,
                        count(*) FILTER (WHERE outcome = 'cached') AS cached, count(*) FILTER (WHERE unpriced) AS unpriced,
                        coalesce(sum(usd), 0) AS spent, coalesce(sum((usage ->> 'output_tokens')::bigint), 0) AS "tokens out"
                    FROM ledger.call {_SHOWN} GROUP BY 1, 2 ORDER BY spent DESC, calls DESC LIMIT 50"""
                ),
            ),
            kind="table",
            width=12,
            units=(("spent", "currencyUSD"),),
        ),
        Panel(
            "By what was done",
            "Each kind of work in the time shown, by target language.",
            "none",
            (
                Sql(
                    f"""SELECT service, stage, target, count(*) AS calls, coalesce(sum(usd), 0) AS spent FROM ledger.call {_SHOWN}
                    GROUP BY 1, 2, 3 ORDER BY spent DESC, calls DESC LIMIT 50"""
                ),
            ),
            kind="table",
            width=12,
            units=(("spent", "currencyUSD"),),
        ),
        Panel(
            "Dearest jobs",
            "The jobs that cost most in the time shown; `GET /jobs/{id}/cost` says on what.",
            "none",
            (
                Sql(
                    f"""SELECT job_id::text AS job, tenant, count(*) AS calls, coalesce(sum(usd), 0) AS spent FROM ledger.call {_SHOWN}
                    AND job_id IS NOT NULL GROUP BY 1, 2 ORDER BY spent DESC, calls DESC LIMIT 20"""
                ),
            ),
            kind="table",
            width=12,
            units=(("spent", "currencyUSD"),),
        ),
        Panel(
            "By tenant",
            "Who spent it.",
            "currencyUSD",
            (
                Sql(
                    f"""SELECT tenant, coalesce(sum(usd), 0)::float8 AS spent FROM ledger.call {_SHOWN}
                    GROUP BY 1 ORDER BY spent DESC LIMIT 20"""
                ),
            ),
            kind="bargauge",
            width=12,
        ),
        Heading("Budgets"),
        Panel(
            "Budgets for the month",
            "Spent or reserved of each. At four fifths somebody is told, at 1 calls that cost are refused; `setu budget` sets another.",
            "none",
            (
                Sql(
                    """SELECT tenant, limit_usd AS "limit", committed AS spent, committed / nullif(limit_usd, 0) AS used, alerted_at, exhausted_at
                    FROM (SELECT *, CASE WHEN period < date_trunc('month', now() AT TIME ZONE 'UTC')::date THEN 0 ELSE committed_usd END
                        AS committed FROM ledger.budget WHERE job_id IS NULL AND tenant IN (${tenant:sqlstring})) budgets
                    ORDER BY used DESC NULLS LAST LIMIT 100"""
                ),
            ),
            kind="table",
            width=12,
            steps=((0.8, YELLOW), (1, RED)),
            units=(("limit", "currencyUSD"), ("spent", "currencyUSD"), ("used", "percentunit")),
        ),
        Panel(
            "Budgets by use",
            "How many budgets for the month are used up, by four fifths or more, or by less.",
            "none",
            (Prom("max by (level) (setu_budgets)", "{{level}}"),),
            width=6,
            stacked=True,
        ),
        Panel(
            "Calls refused",
            "Calls of the last hour that no budget allowed.",
            "none",
            (Prom("sum by (reason) (increase(setu_calls_refused_total[1h]))", "{{reason}}"),),
            width=6,
            steps=((1, YELLOW),),
        ),
    ),
    since="now-30d",
    variables=(
        Variable(
            "tenant",
            "Tenant",
            # `local` is the tenant where there are no keys; with it there is always one to choose.
            "SELECT 'local' AS tenant UNION SELECT tenant FROM ledger.call_intent UNION SELECT tenant FROM ledger.budget ORDER BY 1 LIMIT 1000",
        ),
    ),
)
