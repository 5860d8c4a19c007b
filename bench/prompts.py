"""How well the embedded model translates with each form of prompt: ``python -m bench prompts``.

Translates the lines of ``services/translate/tests/data/lines.toml`` between English and French, Portuguese, Spanish and Hindi with the
real model, greedily, and scores them against the translations that stand beside them. Downloads the model on first use.

The score is chrF: F2 of character n-grams, n = 1 … 6, over all lines of a language; 0 … 100. Source: Popović 2015.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, judged
from setu_translate.domain.prompting import STOP, Example, longest_answer_tokens, prompt
from setu_translate.engines.completions import Completions
from setu_translate.engines.examples import read_examples

ROOT = Path(__file__).resolve().parents[1]
LINES = tomllib.loads((ROOT / "services/translate/tests/data/lines.toml").read_text())["line"]
OTHERS = ("fr", "pt", "es", "hi")
PAIRS = tuple((code, "en") for code in OTHERS) + tuple(("en", code) for code in OTHERS)
PARALLEL = 4
NAMES = {"fr": "French", "pt": "Portuguese", "es": "Spanish", "hi": "Hindi", "en": "English"}

Form = Callable[[Sequence[Example], str, str, str], str]


def quoted(examples: Sequence[Example], source: str, target: str, line: str) -> str:
    """The French sentence "…" means in English: "…"."""
    start = f"The {NAMES[source]} sentence"
    shown = (f'{start} "{each.source}" means in {NAMES[target]}: "{each.target}"\n' for each in examples)
    return f'{"".join(shown)}{start} "{line}" means in {NAMES[target]}: "'


def arrow(examples: Sequence[Example], _source: str, _target: str, line: str) -> str:
    """… => …."""
    return "".join(f"{each.source} => {each.target}\n" for each in examples) + f"{line} =>"


FORMS: dict[str, tuple[Form, str]] = {"labelled": (prompt, STOP), "quoted": (quoted, '"'), "arrow": (arrow, "\n")}
TRIED = [("labelled", 3), ("labelled", 10), ("quoted", 10), ("arrow", 10)]


def measure() -> list[Figure]:
    """The scores of the form that the service uses, and how they stand to those of others, pair by pair."""
    with llm_server() as url:
        scores = asyncio.run(score_all(url))
    used = scores["labelled", 10]
    lines = f"{len(LINES)} lines each, English from and into {', '.join(OTHERS)}, gemma3-270m"
    figures = [judged("chrf", used, unit="chrF", goal=50, better="more", how=f"the service's prompts: {lines}")]
    for (name, count), others in scores.items():
        if (name, count) != ("labelled", 10):
            ratios = [ours / other for ours, other in zip(used, others, strict=True)]
            how = f"chrF of the service's prompts over that of {name} ones with {count} examples; {lines}"
            figures.append(judged(f"over_{name}_{count}", ratios, unit="times", goal=0.95, better="more", how=how))
    return figures


@contextmanager
def llm_server() -> Iterator[str]:
    command = [sys.executable, "-m", "setu_cli.llama", "--port", "0"]
    environment = os.environ | {"SETU_LOG_JSON_LINES": "true"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield next(
                str(event["url"]) for line in process.stderr or () if (event := json.loads(line))["event"] == "llm.listening"
            )
        finally:
            process.kill()


async def score_all(url: str) -> dict[tuple[str, int], list[float]]:
    """For each form and number of examples: the score of each pair of languages."""
    scores: dict[tuple[str, int], list[float]] = {}
    print("form       examples  " + "  ".join("-".join(pair) for pair in PAIRS) + "   mean  s/line")
    async with Completions(base_url=url, model="gemma3-270m", api_key=None, timeout_s=300) as completions:
        for name, count in TRIED:
            began_s = time.monotonic()
            found = scores[name, count] = [await score(completions, name, count, *pair) for pair in PAIRS]
            line_s = (time.monotonic() - began_s) / (len(LINES) * len(PAIRS))
            shown = "  ".join(f"{each:5.1f}" for each in found)
            print(f"{name:10} {count:8}  {shown}  {sum(found) / len(found):5.1f}  {line_s:6.2f}", flush=True)
    return scores


async def score(completions: Completions, name: str, count: int, source: str, target: str) -> float:
    form, stop = FORMS[name]
    examples = read_examples().between(source, target)[:count]
    room = asyncio.Semaphore(PARALLEL)

    async def translate(line: str) -> str:
        async with room:
            asked = form(examples, source, target, line)
            return (await completions.complete(asked, stop=stop, max_tokens=longest_answer_tokens(line))).text

    answers = await asyncio.gather(*(translate(line[source]) for line in LINES))
    return chrf(answers, [line[target] for line in LINES])


def chrf(answers: Sequence[str], references: Sequence[str], orders: int = 6, beta: float = 2.0) -> float:
    precision = recall = 0.0
    for order in range(1, orders + 1):
        pairs = [(grams(answer, order), grams(reference, order)) for answer, reference in zip(answers, references, strict=True)]
        common = sum((said & meant).total() for said, meant in pairs)
        precision += common / max(1, sum(said.total() for said, _ in pairs)) / orders
        recall += common / max(1, sum(meant.total() for _, meant in pairs)) / orders
    if not precision:
        return 0.0
    return 100 * (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def grams(text: str, order: int) -> Counter[str]:
    letters = "".join(text.split())
    return Counter(letters[start : start + order] for start in range(len(letters) - order + 1))
