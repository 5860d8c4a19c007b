"""How good the enhancer is: ``make eval-enhancer``, or ``python -m evals enhancer --provider openai --model …``.

Scenes of dialogue with the drafts of a weak machine, and edits that people judged (data.py), go through the enhancer's own code: which lines
it selects, what its gate makes of the edits, what it makes of the scenes with somebody who answers what people wrote, with noise, and with the
embedded model; and what a video costs. No rule sees a reference; only the measures do.

``--provider openai|anthropic`` measures a vendor's model in place of the embedded one, ``--base-url`` any server that speaks as OpenAI does.
It judges its edits as well, unless ``--no-judge`` is said.
The key is in SETU_LLM_OPENAI_API_KEY or SETU_LLM_ANTHROPIC_API_KEY; it costs some cents. ``--split dev --misses`` lists cases, for who works on rules.
"""

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from bench.figures import Figure

from evals.enhancer import gating, judged, money, naming, running, scoring, selecting
from evals.enhancer.data import PAIRS, Split, scenes
from evals.enhancer.measures import share
from evals.enhancer.providers import EMBEDDED, EMBEDDED_MODEL, HOSTED, Asked, embedded, hosted, known, noise, swapped
from evals.enhancer.reporting import goal
from evals.enhancer.staging import staged
from setu_enhancer.editing import Instruments
from setu_enhancer.fluency import Completing, CompletionsFluency
from setu_enhancer.judging import LlmJudge
from setu_enhancer.settings import EditingSettings, LocalModelSettings

PARTS = ("selection", "names", "score", "gate", "judged", "known", "money", "model")
LONG_PARTS = ("probability",)  # the gate with the embedded model's word, some ten minutes: only where it is asked for


@dataclass(frozen=True)
class Options:
    """What is asked for."""

    split: Split
    parts: tuple[str, ...]
    provider: str
    model: str
    base_url: str | None
    judge: bool
    misses: bool


def measure(arguments: Sequence[str] = ()) -> list[Figure]:
    """Measure what is asked for."""
    return asyncio.run(_measured(_parse(arguments)))


def _parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m evals enhancer", description="How good the enhancer is.")
    parser.add_argument("--provider", choices=(EMBEDDED, *HOSTED), default=EMBEDDED, help="whose model edits")
    parser.add_argument("--model", default="", help="which of its models")
    parser.add_argument("--base-url", default=None, help="another server that speaks as OpenAI does")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--part", choices=PARTS + LONG_PARTS, action="append", help="only these; more than once for several")
    parser.add_argument(
        "--judge",
        action=argparse.BooleanOptionalAction,
        default=EditingSettings().judge,
        help="whether a vendor's model judges its edits beside the rules, as the service has it do; costs about a fifth more",
    )
    parser.add_argument(
        "--misses", action="store_true", help="list the lines and edits that went wrong; of the dev split alone"
    )
    told = parser.parse_args(list(arguments))
    if told.misses and told.split != "dev":
        parser.error("--misses lists cases of the dev split: say --split dev")
    if told.provider != EMBEDDED and not told.model:
        parser.error("say which --model")
    model = told.model or EMBEDDED_MODEL
    return Options(told.split, tuple(told.part or PARTS), told.provider, model, told.base_url, told.judge, told.misses)


async def _measured(options: Options) -> list[Figure]:
    figures: list[Figure] = []
    if "selection" in options.parts:
        found, chosen = selecting.measure(options.split)
        figures += found
        _list(options, [each.told for each in chosen])
    if "names" in options.parts:
        figures += await naming.measure(options.split, misses=options.misses)
    if "score" in options.parts:
        figures += scoring.measure(options.split)
    if "gate" in options.parts:
        found, verdicts = await gating.measure(options.split)
        figures += found
        _list(options, [each.told for each in verdicts])
    if "judged" in options.parts:
        figures += await judged.measure(options.split)
    if "known" in options.parts:
        figures += await _known(options.split)
    if options.provider != EMBEDDED and "model" in options.parts:
        figures += await _with_hosted(options)
    of_server = {"money", "probability"} | ({"model"} if options.provider == EMBEDDED else set())
    if of_server & set(options.parts):
        with embedded() as (asked, url):
            if "money" in options.parts:
                figures += await money.measure(options.split, url)
            figures += await _with_embedded(asked, options)
    return figures


async def _known(split: Split) -> list[Figure]:
    """With somebody who answers what people wrote, and with others who answer what has no meaning here."""
    among = scenes("hi-en", split)
    figures: list[Figure] = []
    lines: list[running.Line] = []
    useless: dict[str, list[running.Line]] = {"noise": [], "swapped": []}
    for scene in among:
        text = staged(scene)
        references = {index: line.references[0] for index, line in text.spoken.items()}
        lines += await running.run((scene,), known("references", references))
        for name, texts in (("noise", noise(list(text.spoken))), ("swapped", swapped(references))):
            useless[name] += await running.run((scene,), known(name, texts))
    figures += running.figures("references", lines, f"edits are what people wrote; hi-en, {split} scenes", judge=False)
    alone = f"what rules alone make of them, where a model answers random letters; hi-en, {split} scenes"
    figures += running.figures("rules", useless["noise"], alone, judge=False)
    _, low, high = running.chrf_change(lines)
    how = "the same as references_chrf_change, which has to grow: the low end of its interval"
    figures.append(goal("references_chrf_grows", low, 0.0, unit="chrF", how=how, interval=(low, high)))
    for name, what in (("noise", "random letters"), ("swapped", "the translation of the line after")):
        kept = 1 - share([line.by_model for line in useless[name]])
        how = f"lines that keep their drafts, or what rules made of them, of {len(useless[name])}, where edits are {what}; hi-en, {split} scenes"
        figures.append(goal(f"{name}_drafts_kept", kept, 1.0, how=how))
    return figures


async def _with_embedded(asked: Asked, options: Options) -> list[Figure]:
    """The embedded model, which edits, and tells how probable texts are where the service asks it for that."""
    server = cast("Completing", asked.provider)  # a single provider of an OpenAI-like server is one
    instruments = replace(gating.INSTRUMENTS, fluency=CompletionsFluency(server))
    how = f"guards, rules and the probability that {EMBEDDED_MODEL} gives, margin {EditingSettings().margin:g}"
    figures: list[Figure] = []
    async with asked.provider:
        if "model" in options.parts and options.provider == EMBEDDED:
            by = instruments if LocalModelSettings().fluency else gating.INSTRUMENTS
            figures += await _edited_by(EMBEDDED, asked, options, by)
            figures += await naming.measure(options.split, asked, naming.TOLD)
        if "probability" in options.parts:
            among = [scene for pair in PAIRS for scene in scenes(pair, options.split)]
            figures += await gating.measure_with("gate_with_model", among, instruments, how)
    return figures


async def _with_hosted(options: Options) -> list[Figure]:
    asked = hosted(options.provider, options.model, options.base_url)
    judge = LlmJudge(asked.provider) if options.judge else None
    async with asked.provider:
        return await _edited_by(options.model, asked, options, replace(gating.INSTRUMENTS, judge=judge))


async def _edited_by(name: str, asked: Asked, options: Options, instruments: Instruments) -> list[Figure]:
    figures: list[Figure] = []
    for pair in PAIRS:
        lines = await running.run(scenes(pair, options.split), asked, instruments)
        about = f"{pair}, {options.split} scenes, edited by {options.provider}'s {options.model}, selective"
        figures += running.figures(f"{name}_{pair}", lines, about, judge=pair == "hi-en")
    return figures


def _list(options: Options, cases: Sequence[str]) -> None:
    if options.misses:
        print("\n".join(cases), flush=True)
