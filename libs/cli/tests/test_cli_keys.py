"""``setu keys``: made, listed and revoked in the database that is named."""

import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from setu_cli.commands.gateway import Target
from setu_common.db import migrate
from setu_common.testing import loopback
from setu_gateway.keys.book import KeyBook
from setu_gateway.migrate import VERSIONS


@pytest.fixture
def book(cloned_database, monkeypatch) -> KeyBook:
    settings = cloned_database("gateway", lambda each: migrate(each, "gateway", VERSIONS))
    monkeypatch.setenv("DATABASE_URL", settings.url)
    return KeyBook(settings)


def test_a_key_is_made_shown_once_listed_and_revoked(run, book):
    made = run("keys", "create", "acme", "--name", "nightly [import]", "--scope", "jobs:read", "--days", "90")
    assert made.exit_code == 0, made.output
    [text] = re.findall(r"setu_[0-9a-f]{8}_[0-9a-f]{64}", made.stdout)
    assert made.stdout.strip() == text
    [key] = book.listed()
    assert (key.tenant, key.name, key.scopes, key.state) == ("acme", "nightly [import]", ("jobs:read",), "good")
    assert (key.expires_at - key.created_at).days == 90
    listed = run("keys", "list")
    [line] = [line for line in listed.stdout.splitlines() if key.prefix in line]
    assert re.search(r"acme +good +jobs:read .*never +nightly \[import\]", line)
    assert text.rpartition("_")[2] not in listed.output
    assert run("keys", "revoke", key.prefix).exit_code == 0
    assert [key.state for key in book.listed()] == ["revoked"]


def test_without_scopes_a_key_is_for_everything_but_administration(run, book):
    assert run("keys", "create", "acme").exit_code == 0
    assert [key.scopes for key in book.listed("acme")] == [("enhance", "jobs:read", "jobs:write")]


def test_what_can_not_be_done_is_said_in_a_sentence(run, book):
    assert "There is no key yet" in run("keys", "list").output
    wrong = run("keys", "create", "ACME & Co")
    assert (wrong.exit_code, "small letters" in wrong.output) == (1, True)
    unknown = run("keys", "revoke", "00000000")
    assert (unknown.exit_code, "There is no such key" in unknown.output) == (1, True)


def test_a_database_of_an_earlier_release_is_told_apart(run, database_settings, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_settings.url)
    shown = run("keys", "list")
    assert shown.exit_code == 1
    assert "setu migrate" in shown.output


@pytest.mark.parametrize(("key", "sent"), [("setu_00000000_x", "Bearer setu_00000000_x"), ("", None), (None, None)])
async def test_commands_send_the_key_of_the_environment(monkeypatch, key, sent):
    seen = []

    async def jobs(request: Request) -> JSONResponse:
        seen.append(request.headers.get("authorization"))
        return JSONResponse({"jobs": []})

    if key is not None:
        monkeypatch.setenv("SETU_API_KEY", key)
    async with loopback(Starlette(routes=[Route("/jobs", jobs)])) as url, Target(url).client() as client:
        await client.jobs()
    assert seen == [sent]
