"""What a video of ten minutes costs: the real prompts of its requests, in counted tokens, at today's prices; and what the next episode does.

Two episodes of a series are put together of scenes. Both have the same cast, in both people say what they always say (refrains.toml), each time
among other lines, and the second begins with scenes of the first.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from bench.figures import Figure

from evals.enhancer.data import Scene, Split, Spoken, refrains, scenes
from evals.enhancer.gating import INSTRUMENTS
from evals.enhancer.naming import kept_readings
from evals.enhancer.pricing import TIERS, is_kept, usd
from evals.enhancer.providers import Answering, Asked, Exchange
from evals.enhancer.remembering import Begin, memories
from evals.enhancer.reporting import goal, table, told
from evals.enhancer.running import edit
from evals.enhancer.staging import Staged, joined
from setu_common.cost import Usage
from setu_common.http import create_client
from setu_enhancer.domain.readings import Readings
from setu_enhancer.editing import RULES, Edits
from setu_enhancer.judging import LlmJudge
from setu_enhancer.memory import Memory, NoMemory
from setu_enhancer.reading import LlmReader
from setu_enhancer.settings import EditingSettings

LINES: Final = 150
"""Of ten minutes of a film."""
RECAP_SCENES: Final = 2
"""What an episode shows again of the one before it."""


@dataclass(frozen=True)
class Spent:
    """What was sent for a text, and what came back, in tokens.

    Args:
        system: of each request's instructions.
        user: of each request's document.
        answer: of each answer.
        judged: of all that a judge was asked, instructions included, and of all that it answered.
        read: the same of who reads names.
        edits: what came of it.
    """

    system: tuple[int, ...]
    user: tuple[int, ...]
    answer: tuple[int, ...]
    judged: tuple[int, int] = (0, 0)
    read: tuple[int, int] = (0, 0)
    edits: Edits = Edits(())  # noqa: RUF009  (frozen)

    def usage(self, *, cached: bool) -> Usage:
        """As it would be billed; ``cached``: the vendor keeps the instructions from the first request on, which goes ahead of the others.

        A judge's instructions, and a reader's, are too short for any vendor to keep.
        """
        told_ = sum(self.system)
        user, answer = (
            sum(own) + judged + read for own, judged, read in zip((self.user, self.answer), self.judged, self.read, strict=True)
        )
        if not cached or not self.system:
            return Usage(input_tokens=told_ + user, output_tokens=answer)
        first = self.system[0]
        return Usage(
            input_tokens=user,
            cache_write_tokens=first,
            cache_read_tokens=told_ - first,
            output_tokens=answer,
        )

    def usd(self, provider: str, model: str, *, cached: bool = False) -> float:
        """What it costs with a model."""
        kept = cached and bool(self.system) and is_kept(provider, model, self.system[0])
        cost = usd(provider, model, self.usage(cached=kept))
        if cost is None:
            raise LookupError(f"there is no price for {provider} {model}")
        return float(cost)


class Counter:
    """Counts tokens as the embedded model's vocabulary cuts text.

    Args:
        url: of a llama.cpp server.
    """

    def __init__(self, url: str) -> None:
        self._client = create_client(url.removesuffix("/v1"), service_token=None)
        self._known: dict[str, int] = {}

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def spent(self, exchanges: Sequence[Exchange], edits: Edits) -> Spent:
        """The tokens of requests and answers."""
        edited, judged, read = ([each for each in exchanges if each.about == about] for about in ("edits", "grades", "names"))
        return Spent(
            tuple([await self._count(each.system) for each in edited]),
            tuple([await self._count(each.user) for each in edited]),
            tuple([await self._count(each.answer) for each in edited]),
            await self._both(judged),
            await self._both(read),
            edits,
        )

    async def _both(self, exchanges: Sequence[Exchange]) -> tuple[int, int]:
        """The tokens of all that was asked, and of all that was answered."""
        return (
            sum([await self._count(each.system) + await self._count(each.user) for each in exchanges]),
            sum([await self._count(each.answer) for each in exchanges]),
        )

    async def _count(self, text: str) -> int:
        if text not in self._known:
            answer = await self._client.post("/tokenize", json={"content": text})
            answer.raise_for_status()
            self._known[text] = len(answer.json()["tokens"])
        return self._known[text]


async def measure(split: Split, url: str) -> list[Figure]:
    """Tokens and money of a film, of the same film again, and of the next episode."""
    async with _counting(url) as counter, memories() as begin:
        first, second, alone = await _episodes(scenes("hi-en", split), counter, begin, _all_of(kept_readings(split).values()))
    of_first = first.usage(cached=False)
    about = (
        f"{LINES} lines in whole scenes of the {split} split, selective; the requests that the editor makes where a model answers with "
        "people's translations, reads the names as one once did, and judges each edit beside its draft, repairs included, in tokens of gemma3's vocabulary"
    )
    figures = [
        told("money_lines", len(first.edits), unit="lines", how=about),
        told("money_lines_by_rule", _by_rule(first.edits), unit="lines", how=f"of these mended by rule, at no cost; {about}"),
        told(
            "money_lines_asked",
            sum(each.requests > 0 for each in first.edits),
            unit="lines",
            how=f"of these sent to a model; {about}",
        ),
        told("money_requests", len(first.system), unit="requests", how=about),
        told("money_tokens_in", of_first.input_tokens, unit="tokens", how=about),
        told("money_tokens_out", of_first.output_tokens, unit="tokens", how=about),
    ]
    figures += [
        told("money_judge_tokens_in", first.judged[0], unit="tokens", how=f"of these, what the judge was asked; {about}"),
        told("money_judge_tokens_out", first.judged[1], unit="tokens", how=f"of these, what the judge answered; {about}"),
        told(
            "money_names_tokens_in", first.read[0], unit="tokens", how=f"of these, what the reader of names was asked; {about}"
        ),
        told("money_names_tokens_out", first.read[1], unit="tokens", how=f"of these, what it answered; {about}"),
    ]
    rows: list[tuple[str | float | int, ...]] = []
    unjudged, edited = replace(first, judged=(0, 0)), replace(first, judged=(0, 0), read=(0, 0))
    asides = replace(first, system=(), user=(), answer=())
    for tier in TIERS:
        for provider, model in tier.models:
            plain, kept = (first.usd(provider, model, cached=cached) for cached in (False, True))
            without = unjudged.usd(provider, model)
            figures.append(told(f"money_unjudged_{model}", without, unit="USD", how=f"the same without a judge; {about}"))
            how = f"{provider}'s {model}, genai-prices today, without the vendor's prompt cache (low end: with it, where it keeps a prompt this short); {about}"
            name = f"money_{tier.name}_{model}"
            figures.append(goal(name, plain, tier.goal_usd, better="less", unit="USD", how=how, interval=(kept, plain)))
            helper = next(name for by, name in TIERS[0].models if by == provider)
            aided = edited.usd(provider, model) + asides.usd(provider, helper)
            how = f"edits by {model}, judged and names read by {helper}, without the vendor's prompt cache; {about}"
            figures.append(goal(f"money_{tier.name}_aided_{model}", aided, tier.goal_usd, better="less", unit="USD", how=how))
            rows.append((model, tier.name, *(f"{each:.4f}" for each in (plain, kept, without, aided)), f"{tier.goal_usd:g}"))
    print("Money, a video of ten minutes:", flush=True)
    table(("model", "tier", "USD", "with the vendor's cache", "without a judge", "judge and reader small", "goal"), rows)
    return figures + _again(first, second, alone)


def _again(first: Spent, second: tuple[Spent, Spent], alone: Spent) -> list[Figure]:
    """What the memory saves."""
    provider, model = TIERS[0].models[0]
    next_one, again = second
    of_next, of_first, of_again, of_alone = (each.usd(provider, model) for each in (next_one, first, again, alone))
    cached = sum(each.cached for each in next_one.edits)
    recap = (
        f"{len(next_one.edits)} lines, of them {RECAP_SCENES} scenes of the first shown again at the start, and {len(refrains())} lines that are said in "
        f"both among others; {cached} edits taken again, {_by_rule(next_one.edits)} by rule, "
        f"{sum(each.requests > 0 for each in next_one.edits)} lines asked about, {model}"
    )
    return [
        goal("money_second_run", of_again, 0.0, better="less", unit="USD", how="the same film once more, its edits remembered"),
        goal(
            "money_next_episode",
            of_next / of_alone,
            0.999,
            better="less",
            unit="times",
            how=f"cost of the next episode over its own where nothing is remembered: {recap}",
        ),
        goal(
            "money_next_episode_over_first",
            of_next / of_first,
            0.999,
            better="less",
            unit="times",
            how=f"cost of the next episode over the first's: {recap}",
        ),
    ]


def _by_rule(edits: Edits) -> int:
    return sum(each.provider == RULES for each in edits)


def _all_of(readings: Iterable[Readings]) -> Readings:
    return Readings({source: names for each in readings for source, names in each.lines.items()})


async def _episodes(
    among: Sequence[Scene], counter: Counter, begin: Begin, readings: Readings
) -> tuple[Spent, tuple[Spent, Spent], Spent]:
    said = refrains()
    one, rest = episode(among, said)
    two, _ = episode(rest, said, before=one[-RECAP_SCENES:])
    everybody = joined(among).context  # a series has one cast
    films = [replace(joined(each), context=everybody) for each in (one, two)]
    first = await _edited(films[0], counter, readings, await begin())
    again = await _edited(films[0], counter, readings, await begin())
    following = await _edited(films[1], counter, readings, await begin())
    alone = await _edited(films[1], counter, readings, None)
    return first, (following, again), alone


def episode(
    among: Sequence[Scene], said: Sequence[Spoken], before: Sequence[Scene] = ()
) -> tuple[tuple[Scene, ...], tuple[Scene, ...]]:
    """Scenes of ten minutes, in each of the first of them something that is said in every episode, and the other scenes."""
    lines = len(said) + sum(len(scene.lines) for scene in before)
    for count, scene in enumerate(among, start=1):
        lines += len(scene.lines)
        if lines >= LINES:
            places = -(-len(said) // count)
            told_ = [said[at * places : (at + 1) * places] for at in range(count)]
            return (*before, *map(_with, among[:count], told_)), tuple(among[count:])
    raise ValueError(f"there are {lines} lines; {LINES} are wanted")


def _with(scene: Scene, said: Sequence[Spoken]) -> Scene:
    """A scene at whose end something else is said."""
    lines = list(scene.lines)
    for each in said:
        start_s = lines[-1].end_s + 0.5
        lines.append(replace(each, index=len(lines), start_s=start_s, end_s=start_s + 2.0, speaker=lines[-1].speaker))
    return replace(scene, lines=tuple(lines))


async def _edited(text: Staged, counter: Counter, readings: Readings, memory: Memory | None) -> Spent:
    """What was sent, and what came of it."""
    memory = memory or NoMemory()
    provider = Answering("references", {index: line.references[0] for index, line in text.spoken.items()}, readings)
    judge = LlmJudge(provider) if EditingSettings().judge else None
    asked = Asked(provider)
    if EditingSettings().read_names:
        known = tuple(character.name for character in text.context.characters)
        read = await LlmReader(provider, asked.price).read(text.lines, text.pair, known, memory)
        text = replace(text, readings=read.readings)
    edits = await edit(text, asked, memory, replace(INSTRUMENTS, judge=judge))
    return await counter.spent(provider.exchanges, edits)


@asynccontextmanager
async def _counting(url: str) -> AsyncIterator[Counter]:
    counter = Counter(url)
    try:
        yield counter
    finally:
        await counter.close()
