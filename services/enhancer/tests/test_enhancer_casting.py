"""Who plays in what, asked of a server that speaks as The Movie Database does."""

from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from setu_common.clients import TmdbClient, TmdbSettings
from setu_common.clients.keeping import MemoryCache
from setu_common.contracts import Context
from setu_common.http import Dependency, Policy, RetryPolicy
from setu_common.testing.faulty import Fault, always, faulty_wire
from setu_common.testing.tmdb_wire import TmdbWire
from setu_enhancer.casting import Cast, Casting

KEY = "k" * 40


@asynccontextmanager
async def casting(*faults: Fault):
    plan = (always(faults[0]),) if faults else ()
    async with faulty_wire(TmdbWire(*plan, keys=(KEY,))) as wire:
        settings = TmdbSettings(api_key=SecretStr(KEY), url=f"{wire.url}/3", timeout_s=5)
        impatient = Dependency("tmdb", Policy(retry=RetryPolicy(retries={})))
        async with TmdbClient(settings, MemoryCache(), dependency=impatient) as client:
            yield Casting(client)


@pytest.mark.parametrize(
    ("context", "characters"),
    [
        (Context(title="The Long Bridge"), ("Meera", "Raj")),
        (Context(title="The Long Bridge", director="Lila Nair"), ("Meera", "Raj")),
        (Context(series="River Town", season=1, episode=1), ("Mayor Hope", "The Ferryman")),
        (Context(series="River Town", season=1, episode=2), ("Mayor Hope",)),
        (Context(series="River Town"), ("Mayor Hope",)),
        (Context(scene="a river"), ()),
    ],
)
async def test_the_characters_of_what_a_context_names_are_found(context, characters):
    async with casting() as found:
        assert await found.of(context) == Cast(characters)


async def test_a_film_by_another_director_is_another_film():
    async with casting() as found:
        told = await found.of(Context(title="The Long Bridge", director="Tom Bell"))
    assert told.characters == ()
    assert "knows nobody" in told.why


async def test_that_nobody_answers_is_said_and_is_no_error():
    async with casting(Fault.SERVER_ERROR) as found:
        told = await found.of(Context(title="The Long Bridge"))
    assert told.characters == ()
    assert told.why.startswith("Names are not known from The Movie Database: ")


async def test_without_a_key_nobody_is_asked_and_nothing_is_said():
    assert await Casting(None).of(Context(title="The Long Bridge")) == Cast()
