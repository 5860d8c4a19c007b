"""What a gateway knows of keys without asking, and when it asks."""

import asyncio
from contextlib import asynccontextmanager
from hashlib import sha256

import pytest

from setu_common.errors import DependencyUnavailable, Unauthorized
from setu_gateway.keys import ring
from setu_gateway.keys.key import NewKey
from setu_gateway.keys.ring import KeyRing

KEY = NewKey()


class Rows:
    def __init__(self, rows):
        self._rows = rows

    async def fetchall(self):
        return self._rows


class CountingDatabase:
    """Has one key, and may be away."""

    def __init__(self):
        self.reads = 0
        self.notes: list[dict] = []
        self.away = False

    @asynccontextmanager
    async def statements(self):
        if self.away:
            raise DependencyUnavailable("The database does not answer.")
        yield self

    async def execute(self, statement, values=None):
        if values is not None:
            self.notes.append(values)
            return Rows([])
        self.reads += 1
        await asyncio.sleep(0)
        return Rows([(KEY.prefix, sha256(KEY.secret.encode()).digest(), "acme", ["jobs:read"], None)])


@pytest.fixture
def database() -> CountingDatabase:
    return CountingDatabase()


async def test_a_known_key_costs_no_trip_to_the_database(database):
    async with KeyRing(database, 3600) as keys:
        holders = [await keys.holder(KEY.text) for _ in range(1000)]
    assert {(holder.tenant, holder.scopes) for holder in holders} == {("acme", frozenset({"jobs:read"}))}
    assert database.reads == 1
    assert database.notes == [{"prefixes": [KEY.prefix]}]


async def test_however_many_unknown_keys_come_at_once_the_database_is_asked_once_or_twice(database):
    async with KeyRing(database, 3600) as keys:
        answers = await asyncio.gather(*(keys.holder(NewKey().text) for _ in range(500)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unauthorized}
    assert database.reads <= 3


async def test_what_is_no_key_is_refused_without_asking(database):
    async with KeyRing(database, 3600) as keys:
        for text in ("", "setu", "x" * 10_000, KEY.text[:-1], KEY.text + "0", KEY.text.upper(), f" {KEY.text}"):
            with pytest.raises(Unauthorized):
                await keys.holder(text)
    assert database.reads == 1


async def test_a_wrong_secret_of_a_known_prefix_is_refused_without_asking(database):
    async with KeyRing(database, 3600) as keys:
        with pytest.raises(Unauthorized):
            await keys.holder(NewKey(prefix=KEY.prefix).text)
    assert database.reads == 1


async def test_while_the_database_is_away_good_keys_stay_good_for_a_while_and_unknown_ones_are_not_judged(
    database, monkeypatch
):
    async with KeyRing(database, 3600) as keys:
        await keys.holder(KEY.text)
        database.away = True
        assert (await keys.holder(KEY.text)).tenant == "acme"
        with pytest.raises(DependencyUnavailable):
            await keys.holder(NewKey().text)
        monkeypatch.setattr(ring, "LONGEST_UNREAD_S", 0.0)
        with pytest.raises(DependencyUnavailable):
            await keys.holder(KEY.text)
        database.away = False
        assert (await keys.holder(KEY.text)).tenant == "acme"


async def test_a_gateway_that_starts_before_its_database_knows_keys_once_it_is_there(database):
    database.away = True
    async with KeyRing(database, 3600) as keys:
        with pytest.raises(DependencyUnavailable):
            await keys.holder(KEY.text)
        database.away = False
        assert (await keys.holder(KEY.text)).tenant == "acme"


async def test_who_leaves_while_keys_are_read_takes_nobody_with_it(database):
    async with KeyRing(database, 3600) as keys:
        leaving = asyncio.ensure_future(keys.holder(NewKey().text))
        staying = asyncio.ensure_future(keys.holder(NewKey().text))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(Unauthorized):
            await staying
        assert leaving.cancelled()
