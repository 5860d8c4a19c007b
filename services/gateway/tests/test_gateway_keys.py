"""API keys: who may do what over HTTP, on a real database."""

import asyncio
import itertools
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256

import pytest
from fastapi.testclient import TestClient
from openai import AsyncOpenAI, AuthenticationError, PermissionDeniedError

from setu_common.db import connect
from setu_common.errors import InvalidRequest
from setu_common.testing import loopback
from setu_gateway import main
from setu_gateway.app import make_app
from setu_gateway.errors import KeyNotFound
from setu_gateway.keys import __main__ as command
from setu_gateway.keys import ring
from setu_gateway.keys.book import KeyBook
from setu_gateway.keys.key import Scope, parts_of
from setu_gateway.settings import EdgeSettings
from testbed.jobs import end_jobs

MEDIA = {"media": ("talk.mp4", b"media", "video/mp4")}
OPEN = {"/healthz", "/readyz"}
LANGUAGE, FORMAT = "en", "srt"
# Of the enhancer and the optimizer, which tell tenants apart: see test_gateway_enhancements.py and test_gateway_optimizer.py.
NOT_OF_JOBS = ("/v1/operations/", "/v1/context/")
# What routes about a job want to be told before they look for it.
BODIES: dict[tuple[str, str], object] = {
    ("put", "/v1/budgets/jobs/{id}"): {"limit_usd": "5"},
    ("post", "/jobs/{id}/corrections"): {"language": "en", "cues": [{"start_s": 0, "end_s": 1, "text": "Hello."}]},
}


@pytest.fixture
def book(gateway_settings) -> KeyBook:
    return KeyBook(gateway_settings.core.database)


@pytest.fixture
def gateways(gateway_settings):
    """Start gateways that ask for keys; what they know of them is never older than a moment, or than ``ttl_s``."""
    with ExitStack() as running:

        def start(ttl_s: float = 0.05) -> TestClient:
            edge = EdgeSettings(auth="keys", keys_ttl_s=ttl_s)
            app = make_app(replace(gateway_settings, edge=edge))
            return running.enter_context(TestClient(app, raise_server_exceptions=False))

        yield start


@pytest.fixture
def trusting(monkeypatch) -> None:
    """What was read once is believed until it is read again by itself."""
    monkeypatch.setattr(ring, "LONGEST_UNREAD_S", 3600.0)


@pytest.fixture
def keyed(gateways) -> TestClient:
    return gateways()


@pytest.fixture
def key(book):
    """Make a key, and what a request with it brings."""
    return lambda tenant="acme", *scopes, **more: bearer(
        book.create(tenant, **({"scopes": scopes} if scopes else {}), **more)[1]
    )


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def refused(response, status: int, code: str) -> dict:
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json"), response.text
    body = response.json()
    assert (body["code"], body["request_id"]) == (code, response.headers["x-request-id"])
    return body


def operations(api) -> list[tuple[str, str, dict]]:
    """All that the document offers: method, path, and what it says of it."""
    paths = api.get("/openapi.json").json()["paths"]
    return [(method, path, each) for path, item in paths.items() for method, each in item.items()]


def address(path: str, job_id: str) -> str:
    named = path.replace("{id}", job_id).replace("{correction_id}", job_id)
    return named.replace("{language}", LANGUAGE).replace("{file_format}", FORMAT)


def until_refused(api, headers) -> None:
    """Ask until it is refused; the test's own timeout ends it."""
    for _ in itertools.count():
        if api.get("/jobs", headers=headers).status_code == 401:
            return


def changed(gateway_settings, statement: str, *values: object) -> None:
    with connect(gateway_settings.core.database, "gateway") as connection:
        connection.execute(statement, values)


def test_a_job_is_its_keys_tenants_whatever_a_stranger_says(keyed, key, gateway_settings):
    response = keyed.post("/jobs", files=MEDIA, headers={**key("acme"), "Setu-Tenant": "other", "Setu-Scopes": "*"})
    assert response.status_code == 202, response.text
    with connect(gateway_settings.core.database, "gateway") as connection:
        assert connection.execute("SELECT tenant FROM job").fetchall() == [("acme",)]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer setu_00000000_" + "0" * 64},
        {"Authorization": "Bearer setu_ffffffff_short"},
        {"Authorization": b"Bearer \xff\xfe"},
        {"Setu-Tenant": "acme", "Setu-Scopes": "*"},
    ],
)
def test_without_a_good_key_nothing_is_done(keyed, gateway_settings, sent):
    response = keyed.post("/jobs", files=MEDIA, headers=sent)
    body = refused(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"
    assert "key" in body["detail"].lower()
    with connect(gateway_settings.core.database, "gateway") as connection:
        assert connection.execute("SELECT count(*) FROM job").fetchone() == (0,)


def test_a_key_in_another_scheme_or_beside_another_is_none(keyed, key):
    good = key()["Authorization"]
    refused(keyed.get("/jobs", headers={"Authorization": good.replace("Bearer", "Basic")}), 401, "unauthorized")
    refused(keyed.get("/jobs", headers=[("Authorization", good), ("Authorization", good)]), 401, "unauthorized")
    assert keyed.get("/jobs", headers={"Authorization": good.replace("Bearer", "bearer")}).status_code == 200


def test_the_prefix_of_one_key_with_the_secret_of_another_opens_nothing(keyed, key):
    first, second = (key("acme")["Authorization"], key("acme")["Authorization"])
    mixed = first[: len("Bearer setu_00000000_")] + second[len("Bearer setu_00000000_") :]
    refused(keyed.get("/jobs", headers={"Authorization": mixed}), 401, "unauthorized")


def test_probes_and_the_document_need_no_key(keyed):
    for path in (*OPEN, "/openapi.json"):
        assert keyed.get(path).status_code == 200
    refused(keyed.get("/no/such/path"), 401, "unauthorized")


def test_a_key_works_as_soon_as_it_is_made_however_seldom_keys_are_read(gateways, key):
    api = gateways(60)
    for tenant in ("one", "two"):
        assert api.get("/jobs", headers=key(tenant)).status_code == 200


@pytest.mark.timeout(30)
@pytest.mark.usefixtures("trusting")
def test_a_revoked_key_is_soon_refused_by_every_gateway(gateways, book):
    first, second = gateways(), gateways()
    made, text = book.create("acme")
    _, kept = book.create("acme")
    for api in (first, second):
        assert api.get("/jobs", headers=bearer(text)).status_code == 200
    book.revoke(made.prefix)
    for api in (first, second):
        until_refused(api, bearer(text))
        assert api.get("/jobs", headers=bearer(kept)).status_code == 200


def test_an_expired_key_is_refused(keyed, book, gateway_settings):
    _, text = book.create("acme", days=1)
    assert keyed.get("/jobs", headers=bearer(text)).status_code == 200
    late, other = book.create("acme", days=1)
    changed(gateway_settings, "UPDATE api_key SET expires_at = now() - interval '1 second' WHERE prefix = %s", late.prefix)
    refused(keyed.get("/jobs", headers=bearer(other)), 401, "unauthorized")
    assert [key.state for key in book.listed()] == ["good", "expired"]


@pytest.mark.usefixtures("trusting")
def test_a_key_expires_in_its_moment_however_seldom_keys_are_read(gateways, book, gateway_settings, monkeypatch):
    api = gateways(60)
    made, text = book.create("acme", days=1)
    changed(gateway_settings, "UPDATE api_key SET expires_at = now() + interval '30 minutes' WHERE prefix = %s", made.prefix)
    assert api.get("/jobs", headers=bearer(text)).status_code == 200
    monkeypatch.setattr(ring, "monotonic", lambda: time.monotonic() + 28 * 60)
    assert api.get("/jobs", headers=bearer(text)).status_code == 200
    monkeypatch.setattr(ring, "monotonic", lambda: time.monotonic() + 30 * 60)
    refused(api.get("/jobs", headers=bearer(text)), 401, "unauthorized")


def test_every_route_but_the_open_ones_needs_a_key_and_a_scope_and_the_document_says_which(keyed, key):
    enhancing, reading = key("acme", "enhance"), key("acme", "jobs:read")
    guarded = [found for found in operations(keyed) if found[1] not in OPEN]
    assert len(guarded) >= 10
    for method, path, described in guarded:
        where = address(path, "0f0ddc80-9ce7-4a9f-8746-c6265a73e021")
        [security] = described["security"]
        [scope] = security["apiKey"]
        assert scope in list(Scope), path
        first = keyed.request(method, where)
        lacking = keyed.request(method, where, headers=reading if scope == Scope.ENHANCE else enhancing)
        assert (first.status_code, lacking.status_code) == (401, 403), (method, path)
        assert scope in lacking.text, path


def test_a_key_for_looking_changes_nothing_and_one_for_submitting_sees_nothing(keyed, key):
    reading, writing = key("acme", "jobs:read"), key("acme", "jobs:write")
    body = refused(keyed.post("/jobs", files=MEDIA, headers=reading), 403, "scope-lacking")
    assert body["context"] == {"scope": "jobs:write"}
    accepted = keyed.post("/jobs", files=MEDIA, headers=writing)
    assert accepted.status_code == 202
    path = accepted.headers["location"]
    refused(keyed.get(path, headers=writing), 403, "scope-lacking")
    refused(keyed.delete(path, headers=reading), 403, "scope-lacking")
    refused(keyed.post(f"{path}/retry", headers=reading), 403, "scope-lacking")
    assert keyed.get(path, headers=reading).json()["state"] == "queued"
    assert keyed.delete(path, headers=writing).status_code == 202


def test_admin_may_do_what_its_tenant_may(keyed, key):
    admin = key("acme", "admin")
    job = keyed.post("/jobs", files=MEDIA, headers=admin)
    assert (job.status_code, keyed.get(job.headers["location"], headers=admin).status_code) == (202, 200)


def test_no_route_shows_a_tenant_the_jobs_of_another(keyed, key, gateway_settings):
    core = gateway_settings.core
    jobs = asyncio.run(end_jobs(core.database, core.redis, core.store))
    owner, stranger = key("local", "admin"), key("stranger", "admin")
    about_jobs = [
        (method, path) for method, path, _ in operations(keyed) if "{id}" in path and not path.startswith(NOT_OF_JOBS)
    ]
    assert len(about_jobs) >= 6
    for job_id in (str(jobs.succeeded), str(jobs.failed)):
        for method, path in about_jobs:
            response = keyed.request(method, address(path, job_id), headers=stranger, json=BODIES.get((method, path)))
            refused(response, 404, "not-found" if "{correction_id}" in path else "job-not-found")
    assert keyed.get("/jobs", headers=stranger).json()["jobs"] == []
    seen = {
        path: keyed.get(address(path, str(jobs.succeeded)), headers=owner)
        for method, path in about_jobs
        if method == "get" and "{correction_id}" not in path  # there is none
    }
    # 503: what it cost is asked of another service, which does not run here.
    assert {response.status_code for response in seen.values()} <= {200, 202, 503}
    assert [response.status_code for response in seen.values()].count(200) >= 3
    assert len(keyed.get("/jobs", headers=owner).json()["jobs"]) == 2


def test_an_idempotency_key_of_one_tenant_is_nothing_to_another(keyed, key):
    ids = [
        keyed.post("/jobs", files=MEDIA, headers={**key(tenant), "Idempotency-Key": "same"}).json()["id"]
        for tenant in ("acme", "acme", "other")
    ]
    assert ids[0] == ids[1] != ids[2]


def test_where_there_are_keys_any_host_may_be_meant_unless_some_are_named(gateways, gateway_settings, key):
    headers = {**key(), "Host": "setu.internal"}
    assert gateways().get("/jobs", headers=headers).status_code == 200
    named = EdgeSettings(auth="keys", allowed_hosts="setu.example")
    with TestClient(make_app(replace(gateway_settings, edge=named))) as api:
        refused(api.get("/jobs", headers=headers), 403, "host-not-allowed")


async def test_the_openai_sdk_is_told_of_bad_keys_and_of_lacking_scopes_in_its_own_way(gateway_settings, book):
    app = make_app(replace(gateway_settings, edge=EdgeSettings(auth="keys")))
    _, reading = book.create("acme", scopes=["jobs:read"])
    async with loopback(app) as url:
        for api_key, kind in (("none", AuthenticationError), (reading, PermissionDeniedError)):
            async with AsyncOpenAI(base_url=f"{url}/v1", api_key=api_key, max_retries=0, timeout=30) as client:
                with pytest.raises(kind) as told:
                    await client.audio.transcriptions.create(file=b"RIFF", model="whisper-1")
                body = told.value.body
                assert isinstance(body, dict)
                assert {"message", "type", "param", "code"} <= body.keys()
                assert ("www-authenticate" in told.value.response.headers) == (kind is AuthenticationError)


def test_nothing_that_is_kept_is_the_secret(book, gateway_settings):
    made, text = book.create("acme", name="import")
    secret = text.rpartition("_")[2]
    assert text == f"setu_{made.prefix}_{secret}"
    with connect(gateway_settings.core.database, "gateway") as connection:
        row = connection.execute("SELECT api_key::text, secret_sha256 FROM api_key").fetchone()
    assert row is not None
    assert secret not in row[0]
    assert row[1] == sha256(secret.encode()).digest()
    assert parts_of(text) == (made.prefix, row[1])
    assert secret not in repr(made)


def test_keys_are_listed_with_the_hour_of_their_last_use(gateways, gateway_settings, book):
    used, text = book.create("acme", name="import", scopes=["jobs:read", "jobs:read"])
    book.create("other")
    edge = EdgeSettings(auth="keys")
    with TestClient(make_app(replace(gateway_settings, edge=edge))) as api:
        assert api.get("/jobs", headers=bearer(text)).status_code == 200
    [listed, unused] = book.listed()
    assert (listed.prefix, listed.tenant, listed.name, listed.scopes) == (used.prefix, "acme", "import", ("jobs:read",))
    assert listed.last_used_at is not None
    assert (listed.last_used_at.minute, listed.last_used_at.second) == (0, 0)
    assert unused.last_used_at is None
    assert [key.tenant for key in book.listed("other")] == ["other"]


def test_a_key_is_revoked_by_its_prefix_or_the_whole_of_it_and_stays_so(book):
    made, text = book.create("acme")
    revoked = book.revoke(made.prefix)
    assert revoked.state == "revoked"
    assert book.revoke(f"setu_{made.prefix}").revoked_at == book.revoke(text).revoked_at == revoked.revoked_at
    for unknown in ("00000000", "", "setu_", "%", "x" * 200):
        with pytest.raises(KeyNotFound):
            book.revoke(unknown)


@pytest.mark.parametrize(
    ("tenant", "more"),
    [
        ("Acme", {}),
        ("", {}),
        ("a b", {}),
        ("acme", {"scopes": ["*"]}),
        ("acme", {"scopes": []}),
        ("acme", {"days": 0}),
        ("acme", {"name": "line\nbreak"}),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(book, tenant, more):
    with pytest.raises(InvalidRequest):
        book.create(tenant, **more)
    assert book.listed() == []


def test_in_a_container_keys_are_made_listed_and_revoked_by_the_module(book, gateway_settings, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", gateway_settings.core.database.url)
    assert command.main(["create", "acme", "--scope", "jobs:read", "--days", "30", "--name", "import"]) == 0
    made = capsys.readouterr()
    parts = parts_of(made.out.strip())
    assert parts is not None
    assert made.out.strip() not in made.err
    assert command.main(["list"]) == 0
    assert f"setu_{parts.prefix}  acme (import)  jobs:read  good, expires " in capsys.readouterr().out
    assert command.main(["revoke", parts.prefix]) == 0
    assert "revoked" in capsys.readouterr().out
    assert command.main(["revoke", "00000000"]) == 1
    assert "no such key" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.7", "setu.internal"])
def test_without_keys_only_this_machine_is_listened_to(host):
    with pytest.raises(ValueError, match="SETU_GATEWAY_AUTH=keys"):
        EdgeSettings().demand_guarded(host)
    EdgeSettings(auth="keys").demand_guarded(host)
    EdgeSettings(allow_without_keys=True).demand_guarded(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_loopback_no_keys_are_needed(host):
    EdgeSettings().demand_guarded(host)


def test_the_process_ends_with_a_sentence_rather_than_listen_unguarded(monkeypatch, capsys):
    monkeypatch.setenv("SETU_SERVICE_TOKEN", "x" * 16)
    monkeypatch.setattr(sys, "argv", ["gateway", "--host", "0.0.0.0", "--port", "0"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == main.EXIT_NOT_GUARDED
    assert "without keys" in capsys.readouterr().err
