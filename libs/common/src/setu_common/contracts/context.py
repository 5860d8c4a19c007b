"""What is known of a recording beforehand: its title, who is in it, what its words are to become."""

from typing import Annotated, Literal

from pydantic import Field

from setu_common.contracts.contract import Contract
from setu_common.contracts.translation import Term


class Character(Contract):
    """Someone who is spoken of. ``name`` as the subtitles are to spell it, ``source`` as the spoken language writes it."""

    name: str = Field(min_length=1, max_length=100)
    source: str = Field(default="", max_length=100)
    aliases: tuple[Annotated[str, Field(max_length=100)], ...] = Field(
        default=(), max_length=20, description="Other names for the same person, in either language"
    )
    gender: Literal["female", "male"] | None = None


class Context(Contract):
    """What is known of a recording beforehand."""

    title: str = Field(default="", max_length=200)
    series: str = Field(default="", max_length=200, description="What it is an episode of")
    season: int | None = Field(default=None, ge=0, le=10_000)
    episode: int | None = Field(default=None, ge=0, le=100_000)
    genre: str = Field(default="", max_length=100)
    director: str = Field(default="", max_length=100)
    scene: str = Field(default="", max_length=2000, description="What it is about, in a few words")
    characters: tuple[Character, ...] = Field(default=(), max_length=200)
    terms: tuple[Term, ...] = Field(default=(), max_length=500)
