"""``python -m evals context``: what of a series' names and terms people must supply, with the memory and without it.

Six episodes, written for it, are translated by a machine that gets names and terms wrong as ``series.toml`` says, heeds what it is told nine
times in ten, and is corrected by a person who misses some faults, slips, and puts some lines otherwise for no reason. The same chances
are drawn with and without the memory. What the language around the names is like is not measured here.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

import structlog
from bench.figures import Figure, judged

from evals.context.lasting import repeats, vetoes
from evals.context.series import Drafted, Episode, Wanted, corrected, drafted, read_series
from evals.context.working import correct, given, memory, observe, seen_by_machine
from evals.enhancer.reporting import table, told
from setu_common.contracts import Character, Context, GlossaryEntry, Term
from setu_optimizer.domain.knowledge.entries import plain, source_key
from setu_optimizer.knowledge import Knowledge

ROUNDS: Final = 20
FALL: Final = 0.4
BY_EPISODE: Final = 3
_BY: Final = f"{ROUNDS} rounds of the written series of six episodes, evals/context/series.toml"


@dataclass(frozen=True)
class Outcome:
    """What became of an episode.

    Args:
        needed: its entries.
        without: those that a person has to put right without the memory.
        left: those that a person has to put right with it.
        unknown: those that the memory did not give as they have to be.
        told: how many entries the memory gave.
        wrong: those of them that no person would want.
    """

    needed: int
    without: int
    left: int
    unknown: int
    told: int
    wrong: int


def measure() -> list[Figure]:
    """The figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        return asyncio.run(_measure())
    finally:
        structlog.reset_defaults()


async def _measure() -> list[Figure]:
    wanted, episodes = read_series()
    async with memory() as (knowledge, curation):
        corrected_rounds = [await _round(knowledge, wanted, episodes, seed, supplies=False) for seed in range(ROUNDS)]
        supplied_rounds = [await _round(knowledge, wanted, episodes, seed, supplies=True) for seed in range(ROUNDS)]
        figures = _shares(corrected_rounds)
        figures += _falls(corrected_rounds, supplied_rounds)
        figures += _purity(corrected_rounds)
        figures += [*await repeats(knowledge, curation), *await vetoes(knowledge, curation)]
    return figures


async def _round(
    knowledge: Knowledge, wanted: dict[str, Wanted], episodes: Sequence[Episode], seed: int, *, supplies: bool
) -> list[Outcome]:
    """The series once, by a tenant of its own; the person corrects what was made, or else supplies what is missing beforehand."""
    tenant = f"{'supplies' if supplies else 'corrects'}-{seed}"
    found = []
    for episode in episodes:
        context = Context(title=episode.title)
        entries = await given(knowledge, tenant, context)
        known = {key: entry.target for entry in entries for key in _keys(entry)}
        draft = drafted(episode, wanted, known, seed)
        found.append(_outcome(episode, wanted, entries, draft, drafted(episode, wanted, {}, seed)))
        if supplies:
            missing = [wanted[name] for name in sorted(episode.entries) if _told(known, wanted[name]) != wanted[name].target]
            await observe(knowledge, tenant, _supplied(context, missing), ())
            continue
        glossary = seen_by_machine(episode, wanted, draft, entries)
        job = await observe(knowledge, tenant, context, glossary)
        left = corrected(episode, wanted, draft, seed)
        said = [line.hi for line in episode.lines]
        await correct(knowledge, tenant, context, said=said, delivered=draft.texts, left=left, glossary=glossary, job_id=job)
    return found


def _outcome(
    episode: Episode, wanted: Mapping[str, Wanted], entries: Sequence[GlossaryEntry], draft: Drafted, alone: Drafted
) -> Outcome:
    known = {key: entry.target for entry in entries for key in _keys(entry)}
    right = {each.target for each in wanted.values()}
    return Outcome(
        needed=len(episode.entries),
        without=len(alone.wrong(wanted)),
        left=len(draft.wrong(wanted)),
        unknown=sum(_told(known, wanted[name]) != wanted[name].target for name in episode.entries),
        told=len(entries),
        wrong=sum(entry.target not in right for entry in entries),
    )


def _keys(entry: GlossaryEntry) -> set[str]:
    return {plain(each) for each in entry.source} | {source_key(entry.kind, (each,)) for each in entry.source}


def _told(known: Mapping[str, str], entry: Wanted) -> str | None:
    return known.get(entry.key, known.get(plain(entry.source)))


def _supplied(context: Context, missing: Sequence[Wanted]) -> Context:
    names = tuple(Character(name=each.target, source=each.source) for each in missing if each.kind == "name")
    terms = tuple(Term(source=each.source, target=each.target) for each in missing if each.kind == "term")
    return context.model_copy(update={"characters": names, "terms": terms})


def _shares(rounds: Sequence[Sequence[Outcome]]) -> list[Figure]:
    """By episode, what people have to put right, with the memory and without it."""
    figures, rows = [], []
    for at, outcomes in enumerate(zip(*rounds, strict=True), start=1):
        without = [each.without / each.needed for each in outcomes]
        left = [each.left / each.needed for each in outcomes]
        rows.append([f"episode {at}", 100 * mean(without), 100 * mean(left), mean(each.told for each in outcomes)])
        for name, shares in (("without_memory", without), ("with_memory", left)):
            how = f"share of the episode's names and terms that a person has to put right somewhere, {name.replace('_', ' ')}; {_BY}"
            figures.append(
                told(f"episode_{at}_{name}", mean(shares), unit="share", how=how, interval=(min(shares), max(shares)))
            )
    table(("", "without, %", "with, %", "entries given"), rows)
    return figures


def _falls(corrects: Sequence[Sequence[Outcome]], supplies: Sequence[Sequence[Outcome]]) -> list[Figure]:
    """By how much that falls by the third episode."""
    third = [outcomes[BY_EPISODE - 1] for outcomes in corrects]
    missing = [outcomes[BY_EPISODE - 1] for outcomes in supplies]
    return [
        judged(
            "fall_by_episode_3",
            [1 - each.left / each.without for each in third],
            unit="share",
            goal=FALL,
            better="more",
            how=f"1 - with/without of what a person who corrects subtitles has to put right in episode 3, the same chances drawn; {_BY}",
        ),
        judged(
            "fall_by_episode_3_supplied",
            [1 - each.unknown / each.needed for each in missing],
            unit="share",
            goal=FALL,
            better="more",
            how=f"the same of a person who gives names and terms with each job, all that are not known yet: 1 - not known/all; {_BY}",
        ),
    ]


def _purity(rounds: Sequence[Sequence[Outcome]]) -> list[Figure]:
    """How much of what is given nobody would want."""
    shares = [sum(each.wrong for each in outcomes) / max(1, sum(each.told for each in outcomes)) for outcomes in rounds]
    how = f"of the entries given to episodes 2 to 6, those whose target is none of the series' own, learned from corrections with slips; {_BY}"
    return [judged("given_wrong", shares, unit="share", goal=0.05, better="less", how=how)]
