"""Who plays in what: the characters of a film or an episode, as The Movie Database has them."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import structlog

from setu_common.clients.tmdb import Credits, Episode, Found, Kind, Role, Season, Title
from setu_common.contracts import Context
from setu_common.errors import DependencyUnavailable
from setu_enhancer.domain.text.names import likeness

MOST_CHARACTERS: Final = 60
LOOKED_AT: Final = 3
"""Of several films of a title so many are asked for their director."""
SAME: Final = 0.75
"""How alike two spellings of a director's name are at least."""

log = structlog.get_logger()


class Lookups(Protocol):
    """What is asked of The Movie Database; ``setu_common.clients.TmdbClient`` does it."""

    async def search(self, title: str, *, kind: Kind, year: int | None = None) -> Found[tuple[Title, ...]]:
        """Films or series of a title, the likeliest first."""

    async def credits(self, identifier: int, *, kind: Kind) -> Found[Credits]:
        """Who plays in one, and who made it."""

    async def season(self, series: int, number: int) -> Found[Season]:
        """A season, with its episodes and their guests."""


class Cast(NamedTuple):
    """The characters' names as The Movie Database writes them, and why there are none though somebody was asked."""

    characters: tuple[str, ...] = ()
    why: str = ""


class Casting:
    """Looks characters up.

    Args:
        lookups: The Movie Database; None: there is no key for it.
    """

    def __init__(self, lookups: Lookups | None) -> None:
        self._lookups = lookups

    async def of(self, context: Context) -> Cast:
        """The characters of what a context names. That nobody knows, or answers, is said and no error."""
        if self._lookups is None or not (context.series or context.title):
            return Cast()
        try:
            if context.series:
                roles = await _of_series(self._lookups, context)
            else:
                roles = await _of_film(self._lookups, context)
        except DependencyUnavailable as error:
            log.warning("casting.away", reason=error.detail)
            return Cast(why=f"Names are not known from The Movie Database: {error.detail}")
        characters = tuple(dict.fromkeys(role.character for role in roles if role.character))[:MOST_CHARACTERS]
        return Cast(characters, "" if characters else "The Movie Database knows nobody in what the context names.")


async def _of_film(lookups: Lookups, context: Context) -> Sequence[Role]:
    """The first of its title; where a director is known, the first that is his or hers."""
    found = await lookups.search(context.title, kind="movie")
    for title in (found.data or ())[: LOOKED_AT if context.director else 1]:
        told = await lookups.credits(title.id, kind="movie")
        if told.data is not None and (not context.director or _is_by(told.data, context.director)):
            return told.data.cast
    return ()


async def _of_series(lookups: Lookups, context: Context) -> Sequence[Role]:
    found = await lookups.search(context.series, kind="tv")
    if not found.data:
        return ()
    series = found.data[0]
    told = await lookups.credits(series.id, kind="tv")
    regular = told.data.cast if told.data is not None else ()
    if context.season is None or context.episode is None:
        return regular
    season = await lookups.season(series.id, context.season)
    return (*regular, *_guests(season.data.episodes if season.data is not None else (), context.episode))


def _guests(episodes: Sequence[Episode], number: int) -> Sequence[Role]:
    return next((episode.guests for episode in episodes if episode.number == number), ())


def _is_by(told: Credits, director: str) -> bool:
    return any(likeness(director, each) >= SAME for each in told.directors)
