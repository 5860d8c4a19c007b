"""What translating costs is in the ledger, and a budget holds it, with the worker's own wiring."""

from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from setu_common.contracts import TranslatedTranscript, TranslationRequest, TranslationResult
from setu_common.cost import Attribution, BudgetExhausted, attributed
from setu_common.cost.budgets import set_job_budget
from setu_common.cost.ledger import SCHEMA, migrate_ledger
from setu_common.cost.settings import PriceSettings, Rates
from setu_common.db import Database
from setu_common.settings import CoreSettings, LogSettings, ModelSettings, OperationSettings, WorkerSettings
from setu_common.store import Store
from setu_translate.settings import LlmSettings, LocalSettings, TranslateSettings, TranslationSettings
from setu_translate.worker import handlers

JOB = uuid4()
DEAR = PriceSettings(overrides={"fake/some-model": Rates(input_mtok=Decimal(1), output_mtok=Decimal(2))})


def answer(line: str, _: object, completion_body) -> dict:
    return {
        **completion_body(f" {line.upper()}"),
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }


@pytest.fixture
def billing_url(llm, llm_url, completion_body) -> str:
    """A model that says what it bills."""
    llm.reply = lambda line, body: answer(line, body, completion_body)
    return llm_url


@pytest.fixture
def paid(cloned_database, redis_settings, store_settings, billing_url):
    """Has lines translated by the worker's handler, as an attempt of a job's operation, and looks at the ledger."""
    database = cloned_database("ledger", migrate_ledger)
    core = CoreSettings(database, redis_settings, store_settings, OperationSettings(), LogSettings(), WorkerSettings())
    settings = TranslateSettings(
        core=core,
        translation=TranslationSettings(join_sentences=False),
        llm=LlmSettings(url=billing_url, model="some-model", style="completion", billed_as="fake", parallel=1),
        local=LocalSettings(),
        models=ModelSettings(),
        prices=DEAR,
    )
    store = Store(store_settings, "translate")

    class Paid:
        async def translate(self, transcript, work) -> TranslatedTranscript:
            request = TranslationRequest(transcript=await store.put_model("acme", transcript), target_language="en")
            async with handlers(settings) as (bound,):
                with attributed(Attribution("acme", "translate", JOB, "translations", "en", work.operation_id)):
                    result = await bound.handler(request, work)
            assert isinstance(result, TranslationResult)
            self.result = result
            return await store.load(result.translated, TranslatedTranscript)

        async def allow(self, usd: str) -> None:
            ledger = Database(database, SCHEMA)
            async with ledger.transaction() as connection:
                await set_job_budget(connection, "acme", JOB, Decimal(usd))
            await ledger.close()

        def rows(self) -> list[dict]:
            with psycopg.connect(database.url, row_factory=dict_row) as connection:
                return connection.execute("SELECT * FROM ledger.call ORDER BY created_at").fetchall()

    return Paid()


async def test_each_request_to_the_model_is_in_the_ledger_and_put_down_to_its_job(paid, make_transcript, work):
    await paid.translate(make_transcript("le chat dort", "la pluie tombe"), work)
    rows = paid.rows()
    assert [(row["outcome"], row["usd"]) for row in rows] == [("ok", Decimal("0.00012"))] * 2
    assert {(row["tenant"], row["job_id"], row["stage"], row["target"]) for row in rows} == {
        ("acme", JOB, "translations", "en")
    }
    assert all(row["bound_usd"] >= row["usd"] for row in rows)


async def test_past_a_jobs_budget_what_was_paid_for_is_delivered_and_the_result_says_so(paid, make_transcript, work):
    await paid.translate(make_transcript("le chat dort"), work)
    (first,) = paid.rows()
    # Beside what the job has spent there is room for one more call, and what that leaves is too little for another.
    await paid.allow(str(round(first["usd"] + first["bound_usd"] * Decimal("1.05"), 6)))
    translated = await paid.translate(make_transcript("la pluie tombe", "le vent se lève", "la nuit vient"), work)
    texts = [each.text for each in translated.translations]
    assert texts[0] == "LA PLUIE TOMBE"
    assert texts[-1] == "la nuit vient"
    assert paid.result.untranslated_count == sum(text.islower() for text in texts) > 0
    assert paid.result.notes[0].startswith("The engine llm had to stop before the end. Of the job's budget")


async def test_where_nothing_may_be_spent_the_translation_fails_for_its_budget(paid, make_transcript, work):
    await paid.allow("0")
    with pytest.raises(BudgetExhausted):
        await paid.translate(make_transcript("le chat dort"), work)
    assert paid.rows() == []
