"""What is looked up of films and series, against a server on loopback that speaks the wire."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from setu_common.clients.keeping import Kept, MemoryCache
from setu_common.clients.tmdb import Role, TmdbClient, TmdbSettings
from setu_common.errors import DependencyUnavailable
from setu_common.http import Dependency, Policy
from setu_common.testing import Fault, ManualTime, always, faulty_wire, in_order
from setu_common.testing.tmdb_wire import TmdbWire

TOKEN = "a-read-access-token-that-is-longer-than-the-older-keys"
OLDER = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def time():
    return ManualTime()


@pytest.fixture
def client(time):
    def make(wire, key: str | None = TOKEN, cache=None, **settings):
        told = TmdbSettings(url=f"{wire.url}/3", api_key=SecretStr(key) if key else None, **settings)
        dependency = Dependency("tmdb", Policy(attempt_s=5.0), timing=time.timing)
        return TmdbClient(told, cache or MemoryCache(timing=time.timing), dependency=dependency)

    return make


async def test_a_film_is_found_by_its_title_in_any_of_its_languages(client):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire) as tmdb:
        for title in ("long bridge", "लंबा सेतु"):
            found = await tmdb.search(title, kind="movie")
            assert found.why == ""
            assert found.data is not None
            (film,) = found.data
            assert (film.id, film.title, film.original_language) == (101, "The Long Bridge", "hi")
            assert (film.released, film.year) == (date(2019, 3, 8), 2019)
        assert (await tmdb.search("long bridge", kind="movie", year=1950)).data is None


async def test_a_series_has_a_name_where_a_film_has_a_title(client):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire) as tmdb:
        found = await tmdb.search("river", kind="tv")
    assert found.data is not None
    assert [(each.id, each.title, each.original_title, each.year) for each in found.data] == [
        (202, "River Town", "River Town", None)
    ]


async def test_credits_name_who_plays_whom_and_who_directed(client):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire) as tmdb:
        film = await tmdb.credits(101, kind="movie")
        series = await tmdb.credits(202, kind="tv")
    assert film.data is not None
    assert series.data is not None
    assert film.data.cast == (Role(name="Asha Rao", character="Meera"), Role(name="Vikram Sen", character="Raj"))
    assert film.data.directors == ("Leela Nair",)
    assert (series.data.cast[0].character, series.data.directors) == ("Mayor Hope", ())


async def test_a_season_has_its_episodes_and_their_guests(client):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire) as tmdb:
        season = (await tmdb.season(202, 1)).data
    assert season is not None
    assert [(each.number, each.name, each.aired) for each in season.episodes] == [
        (1, "Flood", date(2021, 1, 5)),
        (2, "Ebb", None),
    ]
    assert season.episodes[0].guests == (Role(name="Jo Park", character="The Ferryman"),)


async def test_without_a_key_nobody_is_asked_and_the_answer_says_why(client):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire, key=None) as tmdb:
        for found in (await tmdb.search("x", kind="movie"), await tmdb.credits(1, kind="tv"), await tmdb.season(1, 1)):
            assert found.data is None
            assert "SETU_TMDB_API_KEY" in found.why
        assert wire.received == []


async def test_a_key_that_is_not_accepted_gives_no_data_and_is_not_remembered(client):
    wire = TmdbWire(keys=(TOKEN,))
    async with faulty_wire(wire), client(wire, key="another") as tmdb:
        for _ in range(2):
            found = await tmdb.credits(101, kind="movie")
            assert (found.data, found.cached) == (None, False)
            assert "does not accept" in found.why
        assert len(wire.received) == 2


async def test_older_keys_go_into_the_query_and_newer_ones_into_a_header(client):
    async with faulty_wire(TmdbWire(keys=(TOKEN, OLDER))) as wire:
        for key in (TOKEN, OLDER):
            async with client(wire, key=key) as tmdb:
                assert (await tmdb.credits(101, kind="movie")).data is not None
    newer, older = wire.received
    assert TOKEN not in newer.path
    assert newer.headers["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in older.headers


async def test_what_was_found_and_what_there_is_not_is_taken_again_until_it_is_old(client, time):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire, client(wire, cache_ttl_s=60.0) as tmdb:
        ask = [
            lambda: tmdb.season(202, 1),
            lambda: tmdb.season(202, 99),
            lambda: tmdb.search("river", kind="tv"),
            lambda: tmdb.search("nothing like it", kind="tv"),
        ]
        first = [await each() for each in ask]
        again = [await each() for each in ask]
        assert [each.data for each in again] == [each.data for each in first]
        assert [each.data is None for each in first] == [False, True, False, True]
        assert {each.cached for each in first} == {False}
        assert {each.cached for each in again} == {True}
        assert len(wire.received) == 4
        time.advance(61)
        assert not (await ask[0]()).cached
        assert len(wire.received) == 5


async def test_languages_and_years_are_kept_apart(client):
    async with faulty_wire(TmdbWire(keys=(TOKEN,))) as wire:
        cache = MemoryCache()
        for language in ("en-US", "hi-IN"):
            async with client(wire, cache=cache, language=language) as tmdb:
                assert not (await tmdb.search("bridge", kind="movie")).cached
                assert not (await tmdb.search("bridge", kind="movie", year=2019)).cached


async def test_an_outage_is_waited_out_and_a_long_one_is_an_error_and_not_kept(client):
    faults = in_order(Fault.SERVER_ERROR, Fault.RESET)
    async with faulty_wire(TmdbWire(faults, keys=(TOKEN,))) as wire, client(wire) as tmdb:
        assert (await tmdb.credits(101, kind="movie")).data is not None
    wire = TmdbWire(always(Fault.OVERLOADED), keys=(TOKEN,))
    async with faulty_wire(wire), client(wire, timeout_s=60.0) as tmdb:
        with pytest.raises(DependencyUnavailable):
            await tmdb.credits(101, kind="movie")
        wire.plan = always(Fault.NONE)
        assert (await tmdb.credits(101, kind="movie")).data is not None


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.TRUNCATED, Fault.EMPTY])
async def test_an_answer_that_is_none_is_an_error(client, fault):
    async with faulty_wire(TmdbWire(always(fault), keys=(TOKEN,))) as wire, client(wire) as tmdb:
        with pytest.raises(DependencyUnavailable):
            await tmdb.credits(101, kind="movie")


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.booleans(), st.floats(0, 5)), max_size=40))
async def test_a_cache_gives_what_was_put_last_and_never_more_than_it_may_hold(steps):
    time = ManualTime()
    cache, model = MemoryCache(3, time.timing), dict[str, tuple[float, str]]()
    for number, (key, puts, pause_s) in enumerate(steps):
        time.advance(pause_s)
        if puts:
            await cache.put(key, Kept(str(number)), 6.0)
            model[key] = (time.now_s + 6.0, str(number))
        kept = await cache.get(key)
        until, body = model.get(key, (0.0, ""))
        if kept is not None:
            assert until > time.now_s
            assert kept == Kept(body)
        assert len(cache._kept) <= 3
