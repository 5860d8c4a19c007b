"""What is remembered of series, films, directors and genres: names, terms and edits, who says so, and how sure that is."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from setu_common.contracts.context import Context
from setu_common.contracts.contract import Contract, View
from setu_common.contracts.language import LanguageCode

KnowledgeKind = Literal["name", "term", "edit"]
"""A name is found again by its sound; a term by its words; an edit is a whole short line that people had otherwise."""

ScopeLevel = Literal["series", "title", "director", "genre"]
"""What something is known of. A series says more than a film's title, that more than its director, and a genre least."""

Provenance = Literal["human-correction", "caller", "glossary", "tmdb", "machine"]
"""Who says so: corrected subtitles, the context of a job, a list that a person gave, The Movie Database, or a machine's own work."""

Verdict = Literal["accepted", "vetoed"]
"""What a person decided. It lasts, whatever else is learned."""

Spelling = Annotated[str, Field(min_length=1, max_length=200)]


class KnowledgeScope(Contract):
    """What something is known of: a series, a film, a director or a genre, by its name."""

    level: ScopeLevel
    name: str = Field(min_length=1, max_length=200)


class EvidenceView(View):
    """What speaks for an entry, from one kind of source."""

    provenance: Provenance
    count: int = Field(ge=1, description="Jobs that said so")
    weight: float = Field(ge=0, description="What it counts: repeats of one source count less than so many sources")
    last_at: datetime


class KnowledgeEntry(View):
    """A name, term or edit: how the source spells it, what it is to be, who says so, and how sure that is.

    ``confidence`` is the probability that it is right, 0..1. ``contested``: the same source is said to be something else as well.
    """

    id: UUID
    source_language: LanguageCode
    target_language: LanguageCode
    kind: KnowledgeKind
    sources: tuple[str, ...]
    target: str
    accepted: tuple[str, ...] = Field(default=(), description="Other forms that pass")
    gender: Literal["female", "male"] | None = None
    scope: KnowledgeScope
    confidence: float = Field(ge=0, le=1)
    contested: bool = False
    evidence: tuple[EvidenceView, ...] = ()
    verdict: Verdict | None = None
    verdict_by: str = ""
    verdict_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class KnowledgeQuery(Contract):
    """Which entries are asked for. What is absent does not matter."""

    source_language: LanguageCode | None = None
    target_language: LanguageCode | None = None
    kind: KnowledgeKind | None = None
    level: ScopeLevel | None = None
    scope: str | None = Field(
        default=None, min_length=1, max_length=200, description="The name of a series, film, director or genre"
    )
    text: str | None = Field(
        default=None, min_length=1, max_length=200, description="A part of a source's spelling or of a target"
    )
    verdict: Literal["accepted", "vetoed", "none"] | None = None
    limit: int = Field(default=50, ge=1, le=200, description="How many at most")
    cursor: str | None = Field(default=None, max_length=100, description="`next_cursor` of the page before")


class KnowledgePage(View):
    """Entries, the newest first."""

    entries: tuple[KnowledgeEntry, ...]
    next_cursor: str | None = Field(default=None, description="Where the next page begins; absent on the last")


class NewKnowledge(Contract):
    """An entry that a person gives; it is accepted by that."""

    source_language: LanguageCode
    target_language: LanguageCode
    kind: KnowledgeKind = "term"
    sources: tuple[Spelling, ...] = Field(min_length=1, max_length=20)
    target: Spelling
    accepted: tuple[Spelling, ...] = Field(default=(), max_length=20)
    gender: Literal["female", "male"] | None = None
    scope: KnowledgeScope
    by: str = Field(default="", max_length=100, description="Who says so")


class VerdictSetting(Contract):
    """What a person decides of an entry."""

    verdict: Verdict
    by: str = Field(default="", max_length=100, description="Who decides")


class KnowledgeConflict(View):
    """One source that is said to be several things in one scope, the likeliest first."""

    source: str
    source_language: LanguageCode
    target_language: LanguageCode
    kind: KnowledgeKind
    scope: KnowledgeScope
    given: bool = Field(description="Whether the first is far enough ahead to be given")
    entries: tuple[KnowledgeEntry, ...]


class KnowledgeConflicts(View):
    """Conflicts of a tenant's entries, those that changed last first."""

    conflicts: tuple[KnowledgeConflict, ...]
    more: bool = Field(default=False, description="Whether there are more than were asked for")


class RetrievalRequest(Contract):
    """What an episode or film would be given."""

    source_language: LanguageCode
    target_languages: tuple[LanguageCode, ...] = Field(min_length=1, max_length=20)
    context: Context


class Remembered(View):
    """An entry for an episode, and why it is given, or why not."""

    entry: KnowledgeEntry
    reason: str


class RetrievedPair(View):
    """What is known for one pair of languages: what is given, the most certain first, and what is withheld."""

    source_language: LanguageCode
    target_language: LanguageCode
    given: tuple[Remembered, ...] = ()
    withheld: tuple[Remembered, ...] = ()


class Retrieval(View):
    """What an episode or film would be given."""

    scopes: tuple[KnowledgeScope, ...] = Field(
        description="What was looked for, and found in the memory, that which says most first"
    )
    pairs: tuple[RetrievedPair, ...]
