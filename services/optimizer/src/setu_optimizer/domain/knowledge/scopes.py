"""What something is known of: the series, the film, who directs it, its genre."""

import re
from dataclasses import dataclass
from typing import Final

from setu_common.contracts import Context
from setu_common.contracts.knowledge import KnowledgeKind, ScopeLevel
from setu_optimizer.domain.knowledge.titles import key_of, parsed, same_work

LEVELS: Final[tuple[ScopeLevel, ...]] = ("series", "title", "director", "genre")
"""That which says most first."""
MOST_OF_A_LEVEL: Final = 5
_SEVERAL: Final = re.compile(r"\s*(?:[,;/|&+]|\band\b|\bऔर\b|\bet\b|\by\b)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Scope:
    """What something is known of.

    Args:
        level: what kind of thing.
        name: as it was first called.
        key: as it is looked for; see ``titles.key_of``.
    """

    level: ScopeLevel
    name: str
    key: str


def scope(level: ScopeLevel, name: str) -> Scope | None:
    """The scope of a name as somebody gives it; None if nothing in it is a name."""
    called = parsed(name).name if level == "series" else name.strip() if level != "title" else _film(name)
    key = key_of(called)
    return Scope(level, called[:200], key) if key else None


def scopes_of(context: Context) -> tuple[Scope, ...]:
    """All that a recording belongs to, that which says most first.

    A title such as "Mirzapur S01E02" names a series, whether the context does or not.
    """
    titled = parsed(context.title)
    series = context.series or (titled.name if titled.is_episode else "")
    film = "" if titled.is_episode else context.title
    named: list[tuple[ScopeLevel, str]] = [("series", series), ("title", film)]
    named += [("director", each) for each in _SEVERAL.split(context.director)[:MOST_OF_A_LEVEL]]
    named += [("genre", each) for each in _SEVERAL.split(context.genre)[:MOST_OF_A_LEVEL]]
    found = (scope(level, name) for level, name in named if name.strip())
    return tuple({(each.level, each.key): each for each in found if each is not None}.values())


def taught(scopes: tuple[Scope, ...], kind: KnowledgeKind) -> tuple[Scope, ...]:
    """What of it an entry is learned for: the series or else the film; terms are its director's and its genre's as well.

    A name says nothing of another film, an edit nothing of other scenes.
    """
    own = [each for each in scopes if each.level in ("series", "title")][:1]
    wider = [each for each in scopes if each.level in ("director", "genre")] if kind == "term" else []
    return (*own, *wider)


def work_of(scopes: tuple[Scope, ...]) -> str:
    """The key of the series or film; empty if none is named."""
    return next((f"{each.level}:{each.key}" for each in scopes if each.level in ("series", "title")), "")


def alike(one: Scope, other: Scope) -> bool:
    """Whether two scopes are the same, as far as spellings can tell; genres have to be called the same."""
    if one.level != other.level:
        return False
    return one.key == other.key if one.level == "genre" else same_work(one.key, other.key)


def _film(name: str) -> str:
    titled = parsed(name)
    return titled.name if titled.is_episode else name.strip()
