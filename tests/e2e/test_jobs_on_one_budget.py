"""32 whole jobs at once on a budget that suffices for about half of them: it is never exceeded, and none of them fails."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx2
import psycopg
import pytest

from billed.translator import Translator
from ownstack.hosted import MODEL, Hosted
from ownstack.jobs import Caller, Json
from ownstack.stack import OwnStack
from setu_common.cost.pricing import Prices
from setu_common.cost.settings import PriceSettings

pytestmark = [pytest.mark.chaos, pytest.mark.models, pytest.mark.timeout(400, func_only=True)]

STACK = "hosted"
JOBS = 32
# A model that thinks: what it bills for is then near to what it could bill for, and a budget is used up nearly to its end.
THOUGHTS = 3500
JOB_S = 240.0
# English can be made by the recogniser itself where nothing may be spent; no free engine of this stack knows the other.
TARGETS = ("hi", "hi", "hi", "en", "hi", "hi", "hi", "hi")

# After each call that is put on record, in its transaction: the sum of all that others have committed, and of this one. It only grows then:
# what settles a call writes less than its bound, or as much.
WATCH = """
CREATE TABLE public.watched (usd numeric);
CREATE FUNCTION public.watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.watched SELECT coalesce(sum(usd), 0) FROM ledger.call; RETURN NULL; END $$;
CREATE TRIGGER watch AFTER INSERT ON ledger.call_intent FOR EACH STATEMENT EXECUTE FUNCTION public.watch();
"""


@pytest.fixture(scope="module", autouse=True)
def _says(hosted: Hosted) -> None:
    """A hosted model, which is paid for."""
    hosted.says = Translator(THOUGHTS)


def submitted(http: httpx2.Client, media: Path, *targets: str) -> str:
    """A job whose sound was heard before, if it was."""
    with media.open("rb") as content:
        files = {"media": (media.name, content, "audio/wav")}
        data = {"source_language": "fr", "target_languages": list(targets), "overrides": '{"enhancement": "off"}'}
        answer = http.post("/jobs", data=data, files=files)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def spent_usd(stack: OwnStack) -> Decimal:
    """The sum of all calls on record, of this file's jobs and of others that were paid for on this stack before."""
    with stack.rows() as db:
        (row,) = db.execute("SELECT coalesce(sum(usd), 0) AS usd FROM ledger.call").fetchall()
    return Decimal(str(row["usd"]))


def missing(job: Json) -> list[Json]:
    """What of a job is less than asked for its budget's sake."""
    return [each for each in job["degraded"] if "budget" in each["reason"]]


def test_jobs_on_one_budget_never_exceed_it_and_all_end_well(stack: OwnStack, caller: Caller, hosted: Hosted, greeting: Path):
    before_usd, billed_before = spent_usd(stack), len(hosted.wire.bill.charges)
    first = caller.ended(submitted(caller.http, greeting, "hi"), JOB_S)
    assert (first["state"], first["degraded"]) == ("succeeded", []), first
    each_usd = Decimal(caller.http.get(f"/jobs/{first['id']}/cost").json()["usd"])
    assert each_usd > 0
    limit = (before_usd + each_usd * (1 + JOBS // 2)).quantize(Decimal("0.000001"))
    assert caller.http.put("/v1/budgets/month", json={"limit_usd": str(limit)}).status_code == 200
    with psycopg.connect(stack.database.url, autocommit=True) as connection:
        connection.execute(WATCH)

    ids = [submitted(caller.http, greeting, TARGETS[number % len(TARGETS)]) for number in range(JOBS)]
    jobs = [caller.ended(job_id, JOB_S) for job_id in ids]

    with psycopg.connect(stack.database.url) as connection:
        sums = [row[0] for row in connection.execute("SELECT usd FROM public.watched ORDER BY usd DESC")]
        committed = connection.execute("SELECT committed_usd FROM ledger.budget").fetchone()
    assert len(sums) >= JOBS // 4
    assert sums[0] <= limit, "the ledger's sum was above the budget"
    prices, charges = Prices(PriceSettings()), hosted.wire.bill.charges[billed_before:]
    billed = [prices.price("openai", MODEL, charge.usage, datetime.now(UTC)).usd for charge in charges]
    spent = spent_usd(stack)
    assert committed == (spent,)
    assert spent - before_usd == sum(usd for usd in billed if usd is not None)  # what the provider bills is what is on record

    assert {job["state"] for job in jobs} == {"succeeded"}, [job["problem"] for job in jobs if job["problem"]]
    beyond = [job for job in jobs if missing(job)]
    assert JOBS // 4 <= len(beyond) <= 3 * JOBS // 4
    for job in jobs:
        languages = {file["language"] for file in job["deliverables"]}
        target = job["target_languages"][0]
        if job not in beyond:
            assert (languages, job["degraded"]) == ({"fr", target}, [])
        elif target == "en":
            assert languages == {"fr", "en"}
            assert "recogniser itself" in missing(job)[0]["reason"]
        else:
            assert languages == {"fr"}
            assert "Raise the budget" in missing(job)[0]["reason"]


def test_what_a_budget_held_back_is_made_once_it_is_raised(caller: Caller, greeting: Path):
    assert caller.http.put("/v1/budgets/month", json={"limit_usd": "0"}).status_code == 200
    job = caller.ended(submitted(caller.http, greeting, "hi"), JOB_S)
    assert (job["state"], len(missing(job))) == ("succeeded", 1)
    assert caller.http.delete("/v1/budgets/month").status_code == 204
    assert caller.http.post(f"/jobs/{job['id']}/retry").status_code == 202
    again = caller.ended(job["id"], JOB_S)
    assert (again["state"], again["degraded"]) == ("succeeded", [])
    assert {file["language"] for file in again["deliverables"]} == {"fr", "hi"}
