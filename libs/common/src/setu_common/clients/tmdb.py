"""The Movie Database: which film or series it is, who plays in it, and what its seasons are. What is known of names helps those who translate them.

A part that can be done without: without a key, or where nothing is known, the answer has no data and says why.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Annotated, Any, Final, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from setu_common.clients.answers import read
from setu_common.clients.keeping import Kept, LookupCache
from setu_common.errors import DependencyUnavailable
from setu_common.http import Dependency, HttpCaller, Policy, create_client
from setu_common.settings import SettingsBlock

D = TypeVar("D")
M = TypeVar("M", bound=BaseModel)
Kind = Literal["movie", "tv"]

NAME: Final = "tmdb"
_V3_KEY_LENGTH: Final = 32  # the older keys, in the query; newer ones are bearer tokens and longer
_NO_KEY: Final = "There is no key for The Movie Database (SETU_TMDB_API_KEY)."
_REFUSED: Final = "The Movie Database does not accept the key (SETU_TMDB_API_KEY)."
_UNKNOWN: Final = "The Movie Database does not have it."


class TmdbSettings(SettingsBlock):
    """The Movie Database."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="SETU_TMDB_")

    api_key: SecretStr | None = Field(
        default=None, description="A read access token, or an older API key; without one nothing is asked"
    )
    url: str = Field(default="https://api.themoviedb.org/3", description="Its base URL")
    language: str = Field(default="en-US", description="Of titles and summaries")
    timeout_s: float = Field(default=10.0, gt=0, description="How long one lookup may take, attempts and pauses included")
    cache_ttl_s: float = Field(default=604800.0, ge=0, description="How long what was found is taken again")


@dataclass(frozen=True)
class Found(Generic[D]):
    """What a lookup gave.

    Args:
        data: what was found; None if nothing was.
        why: why not; empty if something was.
        cached: whether nobody was asked for it.
    """

    data: D | None
    why: str = ""
    cached: bool = False


def _date(value: object) -> object:
    return value or None  # unknown dates are empty strings


Day = Annotated[date | None, BeforeValidator(_date)]


class _Told(BaseModel):
    """What is read of TMDB's answers; the rest is passed over."""


class Title(_Told):
    """A film or a series.

    Args:
        id: TMDB's.
        title: in the language that was asked for.
        original_title: in its own.
        original_language: its own, as a code.
        overview: a summary.
        released: the film's, or of the first episode.
        popularity: TMDB's figure; results come in its order.
    """

    id: int
    title: str
    original_title: str = ""
    original_language: str = ""
    overview: str = ""
    released: Day = Field(default=None, validation_alias="release_date")
    popularity: float = 0.0

    @property
    def year(self) -> int | None:
        """The year in which it was released."""
        return self.released.year if self.released else None


class Role(_Told):
    """Somebody who plays somebody."""

    name: str
    character: str = ""


class Crew(_Told):
    """Somebody who made something."""

    name: str
    job: str = ""


class Credits(_Told):
    """Who plays in it, the most important first, and who made it."""

    cast: tuple[Role, ...] = ()
    crew: tuple[Crew, ...] = ()

    @property
    def directors(self) -> tuple[str, ...]:
        """Who directed it."""
        return tuple(each.name for each in self.crew if each.job == "Director")


class Episode(_Told):
    """One episode; its guests are those who are not in the series' own cast."""

    number: int = Field(validation_alias="episode_number")
    name: str = ""
    overview: str = ""
    aired: Day = Field(default=None, validation_alias="air_date")
    guests: tuple[Role, ...] = Field(default=(), validation_alias="guest_stars")


class Season(_Told):
    """One season of a series."""

    number: int = Field(validation_alias="season_number")
    name: str = ""
    overview: str = ""
    episodes: tuple[Episode, ...] = ()


class _Page(_Told):
    results: tuple[dict[str, Any], ...]  # Any: JSON, read as titles below


class TmdbClient:
    """Looks things up. Keep it, and close it by leaving it as a context.

    All methods raise ``DependencyUnavailable`` when TMDB does not answer, or answers what can't be read.

    Args:
        settings: where it is, and the key.
        cache: keeps what was found: ``keeping.MemoryCache``, or ``tmdb_cache.PostgresCache`` for all processes of a service.
        dependency: one of the process's, whose circuit operators see; one of its own by default.
    """

    def __init__(self, settings: TmdbSettings, cache: LookupCache, *, dependency: Dependency | None = None) -> None:
        self._settings = settings
        self._cache = cache
        self._client = create_client(settings.url, service_token=None, timeout_s=settings.timeout_s)
        self._caller = HttpCaller(self._client, dependency=dependency or Dependency(NAME, Policy(attempt_s=settings.timeout_s)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def search(self, title: str, *, kind: Kind, year: int | None = None) -> Found[tuple[Title, ...]]:
        """Films or series of a title, the likeliest first.

        Args:
            title: as it is called anywhere.
            kind: ``movie`` or ``tv``.
            year: in which it was released, or first aired.
        """
        by_year = {} if year is None else {"year" if kind == "movie" else "first_air_date_year": year}
        found = await self._look_up(f"search/{kind}", _Page, {"query": title, "language": self._settings.language, **by_year})
        if found.data is None:
            return Found(None, found.why)
        titles = tuple(_title(each) for each in found.data.results)
        return Found(titles or None, "" if titles else _UNKNOWN, found.cached)

    async def credits(self, identifier: int, *, kind: Kind) -> Found[Credits]:
        """Who plays in a film or series, and who made it."""
        return await self._look_up(f"{kind}/{identifier}/credits", Credits, {"language": self._settings.language})

    async def season(self, series: int, number: int) -> Found[Season]:
        """A season of a series, with its episodes; 0 is what belongs to no season."""
        return await self._look_up(f"tv/{series}/season/{number}", Season, {"language": self._settings.language})

    async def _look_up(self, path: str, model: type[M], query: dict[str, str | int]) -> Found[M]:
        if self._settings.api_key is None:
            return Found(None, _NO_KEY)
        asked = f"{NAME}:{path}?{json.dumps(query, sort_keys=True, ensure_ascii=False)}"
        kept = await self._cache.get(asked)
        if kept is not None:
            with suppress(ValidationError):  # another release kept it, and of another shape
                return _found(kept, model, cached=True)
        key = self._settings.api_key.get_secret_value()
        older = len(key) == _V3_KEY_LENGTH
        try:
            response = await self._caller.call(
                "GET",
                f"/{path}",
                params={**query, "api_key": key} if older else query,
                headers={"Accept": "application/json"} | ({} if older else {"Authorization": f"Bearer {key}"}),
                ok=(200,),
                timeout_s=self._settings.timeout_s,
            )
        except DependencyUnavailable as error:
            match error.context.get("status"):
                case 401 | 403:
                    return Found(None, _REFUSED)
                case 404:
                    made = Kept(None)
                case _:
                    raise
        else:
            made = Kept(read(response, model).model_dump_json(by_alias=False))
        if self._settings.cache_ttl_s > 0:
            await self._cache.put(asked, made, self._settings.cache_ttl_s)
        return _found(made, model, cached=False)


def _found(kept: Kept, model: type[M], *, cached: bool) -> Found[M]:
    if kept.body is None:
        return Found(None, _UNKNOWN, cached)
    return Found(model.model_validate_json(kept.body, by_name=True), "", cached)


def _title(result: dict[str, Any]) -> Title:  # Any: JSON
    """Series have names and first air dates where films have titles and release dates."""
    same = {"name": "title", "original_name": "original_title", "first_air_date": "release_date"}
    return Title.model_validate({same.get(name, name): value for name, value in result.items()})
