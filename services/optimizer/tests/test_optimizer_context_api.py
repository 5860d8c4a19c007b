"""The memory over HTTP, through its typed client."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from setu_common.clients.context import ContextClient
from setu_common.contracts import Context
from setu_common.contracts.knowledge import KnowledgeQuery, KnowledgeScope, NewKnowledge, RetrievalRequest, VerdictSetting
from setu_common.errors import RemoteProblem
from setu_common.http import HttpCaller, create_client
from setu_common.testing import loopback
from setu_optimizer.app import create_api
from setu_optimizer.settings import read_settings, read_trust
from testbed.serving import environment_of

SERIES = KnowledgeScope(level="series", name="Mirzapur")
NEW = NewKnowledge(
    source_language="hi",
    target_language="en",
    kind="name",
    sources=("मुन्ना",),
    target="Munna",
    gender="male",
    scope=SERIES,
    by="anna",
)


@pytest.fixture
async def client(
    optimizer_database_settings, redis_settings, store_settings, service_token, monkeypatch
) -> AsyncIterator[ContextClient]:
    environment = environment_of(optimizer_database_settings, redis_settings, store_settings, service_token)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app = create_api(read_settings(), read_trust())
    async with loopback(app) as url, create_client(url, service_token=service_token, timeout_s=20) as http:
        yield ContextClient(HttpCaller(http, name="optimizer"))


def asked(context: Context) -> RetrievalRequest:
    return RetrievalRequest(source_language="hi", target_languages=("en", "fr"), context=context)


async def test_an_entry_that_a_person_gives_is_accepted_listed_and_given_with_its_reason(client):
    added = await client.add("acme", NEW)
    assert (added.verdict, added.verdict_by, added.confidence, added.gender) == ("accepted", "anna", 1.0, "male")
    assert [each.provenance for each in added.evidence] == ["glossary"]
    page = await client.entries("acme", KnowledgeQuery(source_language="hi", verdict="accepted"))
    assert page.entries == (added,)
    found = await client.retrieve("acme", asked(Context(title="मिर्ज़ापुर S02E05")))
    assert found.scopes == (SERIES,)
    english, french = found.pairs
    assert [each.reason.split(" on ")[0] for each in english.given] == ["series “Mirzapur”: accepted by anna"]
    assert french.given == french.withheld == ()


async def test_a_veto_lasts_and_its_entry_is_kept(client):
    added = await client.add("acme", NEW)
    vetoed = await client.decide("acme", added.id, VerdictSetting(verdict="vetoed", by="ravi"))
    assert (vetoed.verdict, vetoed.verdict_by, vetoed.confidence) == ("vetoed", "ravi", 0.0)
    found = await client.retrieve("acme", asked(Context(series="Mirzapur")))
    assert found.pairs[0].given == ()
    assert [each.reason.split(" on ")[0] for each in found.pairs[0].withheld] == ["series “Mirzapur”: vetoed by ravi"]
    with pytest.raises(RemoteProblem) as refused:
        await client.remove("acme", added.id)
    assert (refused.value.remote.status, refused.value.remote.code) == (409, "veto-stays")
    await client.decide("acme", added.id, VerdictSetting(verdict="accepted"))
    await client.remove("acme", added.id)
    assert (await client.entries("acme", KnowledgeQuery())).entries == ()


async def test_another_tenants_entry_is_not_found(client):
    added = await client.add("acme", NEW)
    for attempt in (
        client.decide("other", added.id, VerdictSetting(verdict="vetoed")),
        client.remove("other", added.id),
        client.remove("acme", uuid4()),
    ):
        with pytest.raises(RemoteProblem) as refused:
            await attempt
        assert (refused.value.remote.status, refused.value.remote.code) == (404, "entry-not-found")
    assert (await client.entries("other", KnowledgeQuery())).entries == ()
    await client.forget_job("acme", uuid4())  # of which nothing was learned
    assert (await client.conflicts("acme")).conflicts == ()


async def test_what_has_no_words_is_refused_with_the_fields_at_fault(client):
    nameless = NEW.model_copy(update={"scope": KnowledgeScope(level="series", name="…"), "target": "!"})
    with pytest.raises(RemoteProblem) as refused:
        await client.add("acme", nameless)
    assert [each.field for each in refused.value.remote.errors] == ["body.scope.name", "body.sources", "body.target"]
