"""Prometheus watches a stack do a job; then each query of each panel and rule is asked, and has something to say where there was work."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import httpx2
import psycopg
import pytest
from typer.testing import CliRunner

from observed.asked import Question, metrics_of, promql, sql
from observed.reader import reading
from observed.watching import Watcher, watching
from ownstack.jobs import Caller
from ownstack.stack import OwnStack
from setu_cli.main import app as setu
from setu_common.cost.ledger import SCHEMA, Ledger
from setu_common.cost.metering import Attribution, attributed
from setu_common.cost.pricing import Prices
from setu_common.cost.recording import Metering
from setu_common.cost.settings import PriceSettings
from setu_common.cost.usage import Usage
from setu_common.db import Database
from toystack.watching import eventually

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(300, func_only=True)]

STACK = "ordinary"
JOB_S = 180.0
SEEN_S = 30.0
TENANT = "local"
NOBODYS_NAME = {"tenant", "job_id", "operation_id", "request_id", "key", "user", "path"}

# What may be empty after a job that went well, and why.
DRIFT = "drift is told from 30 jobs on"
NO_GPU = "this machine has no GPU"
WELL = "nothing went wrong"
UNKNOWN_ERRORS = "of French nobody can tell from the recogniser's confidence how many errors there are"
NOBODY_ASKED = "this stack has no model for editing, so that no text is scored and no earlier edit looked for"
MAY_BE_EMPTY = {
    "Setu: ASR workers and GPU / Use of the GPU": NO_GPU,
    "Setu: ASR workers and GPU / Memory of the GPU": NO_GPU,
    "Setu: ASR workers and GPU / Drift": DRIFT,
    "Setu: ASR workers and GPU / Errors less predicted errors": UNKNOWN_ERRORS,
    "Setu: overview / Translations' quality": NOBODY_ASKED,
    "Setu: LLM and translation / Quality": NOBODY_ASKED,
    "Setu: LLM and translation / Quality by language": NOBODY_ASKED,
    "Setu: LLM and translation / Lines found among earlier edits": NOBODY_ASKED,
    "Setu: reliability / Changes of circuits": WELL,
    "Setu: reliability / Calls made again": WELL,
}
MAY_CRY = {
    "alerts.yml / SetuUnpricedCalls": "another test may have asked a model without a price",
    "alerts.yml / SetuStoreFillsUp": "that is this machine's own disk",
    "alerts.yml / SetuPredictedTimeOff": "nobody has calibrated this machine",
    "alerts.yml / SetuPredictionsDrift": "likewise",
}
MAY_BE_UNSEEN = {
    "setu_optimizer_feature_drift": DRIFT,
    "setu_optimizer_time_off": DRIFT,
    "setu_optimizer_wer_off": DRIFT,
    "setu_optimizer_wer_error_sum": UNKNOWN_ERRORS,
    "setu_optimizer_wer_error_count": UNKNOWN_ERRORS,
    "setu_translation_quality_score_sum": NOBODY_ASKED,
    "setu_translation_quality_score_count": NOBODY_ASKED,
    "setu_enhancer_memory_lines_total": NOBODY_ASKED,
    "setu_breaker_changes_total": WELL,
    "setu_call_repeats_total": WELL,
    "setu_unpriced_calls_total": WELL,
}


@pytest.fixture(scope="module")
def watcher(stack: OwnStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """Prometheus, which has found every process of the stack."""
    folder = tmp_path_factory.mktemp("prometheus")
    targets = folder / "targets.json"
    shown = CliRunner().invoke(setu, ["status", "--home", str(stack.home.folder), "--prometheus", str(targets)])
    assert shown.exit_code == 0, shown.output
    with watching(targets, folder) as found:
        assert eventually(lambda: found.value("count(up == 1)") >= expected(stack), SEEN_S), found.down()
        yield found


@pytest.fixture(scope="module")
def job_id(stack: OwnStack, watcher: Watcher, short_speech: Path) -> Iterator[str]:
    """A job that was done while Prometheus looked on, and what it cost: this stack's models are free, so some is paid beside."""
    stack.healed()
    with httpx2.Client(base_url=stack.url, timeout=15) as http:
        caller = Caller(stack, http)
        assert http.put("/v1/budgets/month", json={"limit_usd": 1000}).is_success
        ended = watcher.value('sum(setu_job_ends_total{state="succeeded"})')
        found = caller.submitted(short_speech, "en")
        assert caller.ended(found, JOB_S)["state"] == "succeeded"
        assert eventually(lambda: watcher.value('sum(setu_job_ends_total{state="succeeded"})') > ended, SEEN_S)
        # The job's lesson is learned after it.
        assert eventually(lambda: watcher.value('sum(setu_operation_ends_total{kind="observations"})') > 0, SEEN_S)
        yield found
        http.delete("/v1/budgets/month")
        http.delete(f"/jobs/{found}", params={"purge": "true"})


def expected(stack: OwnStack) -> int:
    return sum(process.metrics_port is not None for process in stack.state.processes)


def test_every_process_is_found_and_none_tells_whose_work_it_does(stack: OwnStack, watcher: Watcher, job_id: str):
    # On a busy machine one may be late for once.
    assert eventually(lambda: watcher.down() == [], SEEN_S), watcher.down()
    assert eventually(lambda: watcher.value("count(up == 1)") == expected(stack), SEEN_S)
    assert expected(stack) >= 13
    series = watcher.series()
    assert {label for each in series for label in each} & NOBODYS_NAME == set()
    values = {value for each in series for name, value in each.items() if name not in ("instance", "__name__")}
    assert not any(job_id in value for value in values)
    assert [value for value in values if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", value)] == []
    assert {"/jobs", "/jobs/{id}"} <= values, "requests are told apart by their routes"


def test_every_promql_of_every_panel_and_rule_has_something_to_say(watcher: Watcher, job_id: str):
    questions = promql()
    assert eventually(lambda: empty(watcher, questions) <= MAY_BE_EMPTY.keys(), SEEN_S), (
        empty(watcher, questions) - MAY_BE_EMPTY.keys()
    )
    named = set().union(*(metrics_of(question.text) for question in questions))
    assert named - watcher.names() <= MAY_BE_UNSEEN.keys()


def empty(watcher: Watcher, questions: list[Question]) -> set[str]:
    """Those that nothing is known of. What alerts ask for there should not be, and their rules are tried elsewhere; that they can be asked counts."""
    found = {question.where for question in questions if not watcher.asked(question.text)}
    return {where for where in found if not where.startswith("alerts.yml")}


def test_no_alert_cries_while_all_is_well(watcher: Watcher, job_id: str):
    alerts = {question.where: question.text for question in promql() if question.where.startswith("alerts.yml")}
    assert {where for where, expr in alerts.items() if watcher.asked(expr)} <= MAY_CRY.keys()


def test_every_sql_of_every_panel_has_something_to_say_to_who_may_do_no_more_than_read(stack: OwnStack, job_id: str):
    with reading(stack.database) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE ledger.budget SET limit_usd = 0")
        counts = {question.where: len(connection.execute(question.text.encode()).fetchall()) for question in sql()}
    assert {where for where, count in counts.items() if not count} <= MAY_BE_EMPTY.keys()


async def test_the_api_reports_grafana_and_the_ledger_tell_the_same_sums(stack: OwnStack, job_id: str):
    await spend(stack, UUID(job_id))
    with httpx2.Client(base_url=stack.url, timeout=15) as http:
        of_job = http.get(f"/jobs/{job_id}/cost").json()
        all_costs = http.get("/v1/costs", params={"by": "job"}).json()
        by_day = http.get("/v1/costs", params={"by": "day"}).json()
        reported = http.get(f"/jobs/{job_id}/report", params={"format": "json"}).json()["cost"]
        trends = http.get("/v1/reports/cost-trends", params={"days": 30}).json()
    line = next(each for each in all_costs["lines"] if each["key"] == job_id)
    panels = {question.where: question.text for question in sql(f"'{TENANT}'")}
    with psycopg.connect(stack.database.url, autocommit=True) as connection:

        def rows(text: str) -> list[tuple[object, ...]]:
            return connection.execute(text.encode()).fetchall()

        of_ledger = rows(
            f"SELECT sum(usd), count(*), count(*) FILTER (WHERE unpriced) FROM ledger.call WHERE job_id = '{job_id}'"
        )
        ((spent, calls, unpriced),) = of_ledger
        (of_panel,) = [row for row in rows(panels["Setu: costs and budgets / Dearest jobs"]) if row[0] == job_id]
        ((total,),) = rows(panels["Setu: costs and budgets / Spent"])
        ((all_calls,),) = rows(panels["Setu: costs and budgets / Calls"])
        ((all_unpriced,),) = rows(panels["Setu: costs and budgets / Unpriced calls"])
        days = rows(panels["Setu: costs and budgets / By day"])

    assert spent == Decimal("2.75"), "a dollar, a half that failed, a quarter, and one that broke off, at its bound"
    assert {Decimal(of_job["usd"]), Decimal(line["usd"]), Decimal(reported["usd"]), of_panel[3]} == {spent}
    assert {of_job["calls"], line["calls"], reported["calls"], of_panel[2]} == {calls}
    assert {of_job["unpriced"], line["unpriced"], reported["unpriced"]} == {unpriced} == {1}
    assert {Decimal(each["total"]["usd"]) for each in (all_costs, by_day, trends)} == {total}
    assert {Decimal(each["wasted_usd"]) for each in (of_job, line, reported)} == {Decimal("1.75")}
    assert (all_costs["total"]["calls"], all_costs["total"]["unpriced"]) == (all_calls, all_unpriced)
    assert sum(Decimal(str(row[2])) for row in days) == sum(Decimal(each["usd"]) for each in by_day["lines"])


def test_trends_grafana_and_the_ledger_count_the_same_jobs(stack: OwnStack, job_id: str):
    with httpx2.Client(base_url=stack.url, timeout=15) as http:
        trends = http.get("/v1/performance/trends", params={"by": "day"}).json()
    panels = {question.where: question.text for question in sql()}
    with psycopg.connect(stack.database.url, autocommit=True) as connection:
        days = connection.execute(panels["Setu: overview / Jobs by day"].encode()).fetchall()
        outcomes: dict[str, int] = dict(
            connection.execute("SELECT state, count(*) FROM ledger.job_outcome GROUP BY state").fetchall()
        )
    told = {state: sum(row[2] for row in days if row[1] == state) for state in ("succeeded", "failed", "cancelled")}
    assert told == {state: outcomes.get(state, 0) for state in told}
    assert told == {state: sum(day[state] for day in trends["jobs"]) for state in told}
    assert told["succeeded"] >= 1


async def spend(stack: OwnStack, job_id: UUID) -> None:
    """Calls of the job, at a dollar a million tokens: one of each outcome, and one that nobody knows a price of."""
    database = Database(stack.database, SCHEMA)
    meter = Metering(Ledger(database), Prices(PriceSettings(overrides={"fake/dear": {"input_mtok": "1"}})))
    with attributed(Attribution(TENANT, "enhancer", job_id, "enhancements", "en")):
        for tokens, outcome, model in (
            (1_000_000, "ok", "dear"),
            (500_000, "failed", "dear"),
            (250_000, "aborted", "dear"),
            (9_000_000, "cached", "dear"),
            (1_000_000, None, "dear"),
        ):
            async with meter.call("fake", model, Usage(input_tokens=tokens)) as call:
                if outcome is not None:
                    call.settle(Usage(input_tokens=tokens), outcome=outcome)  # type: ignore[arg-type]  # of those above
        async with meter.call("fake", "unheard-of", Usage()) as call:  # without a bound no budget is asked
            call.settle(Usage(input_tokens=1))
    await database.close()
