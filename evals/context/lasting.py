"""What repeats can't do, and what a veto does for good."""

from itertools import product
from typing import Final

from bench.figures import Figure, judged

from evals.context.working import correct, given, observe
from setu_common.contracts import Character, Context, GlossaryEntry, Term
from setu_common.contracts.knowledge import KnowledgeQuery, VerdictSetting
from setu_common.spelling.names import sounds
from setu_optimizer.domain.knowledge.belief import ENOUGH
from setu_optimizer.knowledge import Curation, Knowledge

REPEATS: Final = 10
SERIES: Final = Context(series="चाँदपुर की हवेली")
MISTAKE: Final = GlossaryEntry(source=("सूरज",), target="Sun", kind="name", provenance="text")
SOURCES: Final = ("सूरज", "Suraj", "सूरज़", "SOORAJ")
TARGETS: Final = ("Sun", "sun", "SUN!", "Sún", "the Sun", "Sunn")
SCOPES: Final = (
    SERIES,
    Context(title="Chandpur Ki Haveli S01E02"),
    SERIES.model_copy(update={"genre": "drama", "director": "Anurag Kashyap"}),
)


async def repeats(knowledge: Knowledge, curation: Curation) -> list[Figure]:
    """A machine's own mistake, ten times over."""
    for _ in range(REPEATS):
        await observe(knowledge, "repeats", SERIES, [MISTAKE])
    (entry,) = (await curation.entries("repeats", KnowledgeQuery())).entries
    how = (
        f"the confidence of a machine's own mistake after it was made in {REPEATS} episodes; {ENOUGH:g} and more would be given"
    )
    return [
        judged("mistake_repeated", [entry.confidence], unit="probability", goal=ENOUGH - 0.05, better="less", how=how),
        judged(
            "mistake_given",
            [float(len(await given(knowledge, "repeats", SERIES)))],
            unit="entries",
            goal=0,
            better="less",
            how="how many entries the next episode is given of it",
        ),
    ]


async def vetoes(knowledge: Knowledge, curation: Curation) -> list[Figure]:
    """A name that is vetoed, then said again by callers, corrections and machines, in other spellings and of wider scopes."""
    tenant = "vetoes"
    wrong = Character(name="Sun", source="सूरज")
    await observe(knowledge, tenant, SERIES.model_copy(update={"characters": (wrong,)}), ())
    before = len(await given(knowledge, tenant, SERIES))
    (entry,) = (await curation.entries(tenant, KnowledgeQuery())).entries
    await curation.decide(tenant, entry.id, VerdictSetting(verdict="vetoed", by="eval"))
    back = tried = 0
    for source, target in product(SOURCES, TARGETS):
        await _say_again(knowledge, tenant, source, target)
        for scope in SCOPES:
            tried += 1
            back += sum(_is_sun(each.target) for each in await given(knowledge, tenant, scope))
    how = (
        f"how often it was given again (it was {before} times before) in {tried} tries: after each of {len(SOURCES)} spellings of the source and "
        f"{len(TARGETS)} of the target were said by a caller, by corrections and by a machine, to {len(SCOPES)} contexts"
    )
    return [judged("vetoed_came_back", [float(back)], unit="entries", goal=0, better="less", how=how)]


async def _say_again(knowledge: Knowledge, tenant: str, source: str, target: str) -> None:
    for context in SCOPES:
        said = context.model_copy(
            update={
                "characters": (Character(name=target, source=source),),
                "terms": (Term(source=source, target=target),),
            }
        )
        await observe(knowledge, tenant, said, [MISTAKE.model_copy(update={"source": (source,), "target": target})])
        lines = [f"{source} आया है", f"अब {source} गया"]
        delivered = ["Suraj has come", "now Suraj has left"]
        await correct(
            knowledge,
            tenant,
            context,
            said=lines,
            delivered=delivered,
            left=[each.replace("Suraj", target) for each in delivered],
        )


def _is_sun(target: str) -> bool:
    """Whether it says what was vetoed, in whatever spelling."""
    return any(sounds(word) & sounds("Sun") for word in target.split())
