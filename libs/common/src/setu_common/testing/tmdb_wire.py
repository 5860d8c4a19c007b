"""The Movie Database on loopback, with a film and a series that it made up, and with faults on demand."""

from collections.abc import Mapping
from typing import Any, Final, Unpack
from urllib.parse import parse_qs, urlsplit

from setu_common.testing.dialects import json_answer
from setu_common.testing.faulty import Answer, Fault, FaultyWire, Plan, Received, always
from setu_common.testing.openai_wire import WireOptions

Json = dict[str, Any]  # Any: JSON

FILM: Final[Json] = {
    "id": 101,
    "title": "The Long Bridge",
    "original_title": "लंबा सेतु",
    "original_language": "hi",
    "overview": "Two engineers, one river.",
    "release_date": "2019-03-08",
    "popularity": 12.5,
}
SERIES: Final[Json] = {
    "id": 202,
    "name": "River Town",
    "original_name": "River Town",
    "original_language": "en",
    "overview": "A town and its bridge.",
    "first_air_date": "",
    "popularity": 3.0,
}
FILM_CREDITS: Final[Json] = {
    "id": 101,
    "cast": [{"name": "Asha Rao", "character": "Meera", "order": 0}, {"name": "Vikram Sen", "character": "Raj", "order": 1}],
    "crew": [{"name": "Leela Nair", "job": "Director"}, {"name": "Tom Bell", "job": "Editor"}],
}
SERIES_CREDITS: Final[Json] = {"id": 202, "cast": [{"name": "Ann Lee", "character": "Mayor Hope", "order": 0}], "crew": []}
SEASON: Final[Json] = {
    "id": 303,
    "season_number": 1,
    "name": "Season 1",
    "overview": "",
    "episodes": [
        {
            "episode_number": 1,
            "name": "Flood",
            "overview": "The river rises.",
            "air_date": "2021-01-05",
            "guest_stars": [{"name": "Jo Park", "character": "The Ferryman"}],
        },
        {"episode_number": 2, "name": "Ebb", "overview": "", "air_date": None, "guest_stars": []},
    ],
}
_THINGS: Final[Mapping[str, Json]] = {
    "movie/101/credits": FILM_CREDITS,
    "tv/202/credits": SERIES_CREDITS,
    "tv/202/season/1": SEASON,
}


def _error(status: int, code: int, message: str) -> Answer:
    return json_answer({"success": False, "status_code": code, "status_message": message}, status)


_REFUSALS: Final[Mapping[Fault, Answer]] = {
    Fault.RATE_LIMITED: _error(429, 25, "Your request count is over the allowed limit."),
    Fault.SERVER_ERROR: _error(500, 11, "Internal error: Something went wrong, contact TMDb."),
    Fault.OVERLOADED: _error(503, 9, "Service offline: This service is temporarily offline, try again later."),
}


class TmdbWire(FaultyWire):
    """The server; run it with ``faulty_wire``.

    Args:
        plan: which request meets which fault.
        keys: those that it accepts, in the query or as bearer tokens.
        options: see ``FaultyWire``.
    """

    def __init__(
        self,
        plan: Plan = always(Fault.NONE),  # noqa: B008  a function without state
        *,
        keys: tuple[str, ...],
        **options: Unpack[WireOptions],
    ) -> None:
        super().__init__(plan, answer=self._speak, refusals=_REFUSALS, **options)
        self._keys = keys

    def _speak(self, received: Received) -> Answer:
        url = urlsplit(received.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        shown = query.get("api_key") or received.headers.get("authorization", "").removeprefix("Bearer ")
        if shown not in self._keys:
            return _error(401, 7, "Invalid API key: You must be granted a valid key.")
        path = url.path.removeprefix("/3/")
        if path in _THINGS:
            return json_answer(_THINGS[path])
        thing, year = {"search/movie": (FILM, "year"), "search/tv": (SERIES, "first_air_date_year")}.get(path, ({}, ""))
        if not thing:
            return _error(404, 34, "The resource you requested could not be found.")
        return json_answer({"page": 1, "results": _matching(thing, query.get("query", ""), query.get(year))})


def _matching(thing: Json, title: str, year: str | None) -> list[Json]:
    names = [str(thing.get(name, "")).casefold() for name in ("title", "name", "original_title", "original_name")]
    released = str(thing.get("release_date") or thing.get("first_air_date") or "")
    if not any(title.casefold() in name for name in names) or (year is not None and not released.startswith(year)):
        return []
    return [thing]
