"""Whether the embedded model knows that an edit says what its line says: ``python -m evals.enhancer.likelihood [--each 40]``. Part of no figure.

For Hindi edits of the ``dev`` scenes it takes the probability of a text as the line's translation, behind the examples that translating has, that
without the line, their difference (pointwise mutual information), and that of the line as the text's translation; in sum and a token, of the edit
by itself and less its draft's. It tells how often a good edit has more than a broken one (0.5 is a coin), alone and beside the score by rules.

llama.cpp tells no probabilities of a given text, so each token is forced by a bias, and the server tells what the model thought of it.
"""

import argparse
import asyncio
import random
import resource
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from evals.enhancer.data import PAIRS, scenes
from evals.enhancer.gating import Verdict, verdicts
from evals.enhancer.measures import apart, left_out
from evals.enhancer.providers import embedded
from evals.enhancer.reporting import table
from setu_common.contracts import LANGUAGE_NAMES
from setu_common.http import AsyncClient, create_client
from setu_enhancer.domain.prompting import one_line
from setu_translate.domain.prompting import prompt
from setu_translate.engines.examples import read_examples

PAIR: Final = PAIRS[0]
FACTS: Final = ("name", "number", "negation")
SEED: Final = 6
SLOTS: Final = 4  # of the server
SURELY: Final = 1000.0
LEAST_GAIN: Final = -10.0  # points; what the guards stop has as few


class Forced:
    """Log-probabilities of given texts, in sum and a token, by a llama.cpp server that is asked for one token at a time."""

    def __init__(self, http: AsyncClient) -> None:
        self._http = http
        self._free: asyncio.Queue[int] = asyncio.Queue()
        for slot in range(SLOTS):
            self._free.put_nowait(slot)
        self.known: dict[tuple[str, str], asyncio.Task[tuple[float, float]]] = {}

    async def of(self, lead: str, told: str) -> tuple[float, float]:
        """Of a text behind another, up to the end of its line."""
        asked = (lead, f" {one_line(told)}\n")
        if asked not in self.known:
            self.known[asked] = asyncio.create_task(self._of(*asked))
        return await self.known[asked]

    async def _of(self, lead: str, told: str) -> tuple[float, float]:
        slot = await self._free.get()
        try:
            begun, whole = [await self._post("/tokenize", content=each, add_special=True) for each in (lead, lead + told)]
            tokens, found = whole["tokens"], []
            for place in range(len(begun["tokens"]), len(tokens)):
                asked = {"prompt": tokens[:place], "logit_bias": [[tokens[place], SURELY]], "temperature": 0, "id_slot": slot}
                (written,) = (await self._post("/completion", **asked, n_predict=1, n_probs=1))["completion_probabilities"]
                if written["id"] != tokens[place]:
                    raise ValueError(f"the server wrote the token {written['id']} and not {tokens[place]}")
                found.append(written["logprob"])
            return float(np.sum(found)), float(np.mean(found))
        finally:
            self._free.put_nowait(slot)

    async def _post(self, path: str, **body: object) -> Any:  # noqa: ANN401  (Any: JSON)
        answer = await self._http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()


async def signs_of(forced: Forced, chosen: Sequence[Verdict]) -> dict[str, list[float]]:
    """What the model makes of edits, by sign. One kind of prompt comes after the other, so that the server keeps its beginning."""
    source, target = PAIR.split("-")
    there, back = read_examples().between(source, target), read_examples().between(target, source)
    alone = "".join(f"{LANGUAGE_NAMES[target]}: {each.target}\n\n" for each in there) + f"{LANGUAGE_NAMES[target]}:"
    texts = [(each.edit.line.source, one_line(text)) for each in chosen for text in (each.edit.text, each.edit.line.draft)]
    kinds = {
        "text, given the line": [(prompt(there, source, target, line), text) for line, text in texts],
        "text alone": [(alone, text) for _, text in texts],
        "line, given the text": [(prompt(back, target, source, text), line) for line, text in texts],
    }
    both: dict[str, np.ndarray] = {}
    for kind, asked in kinds.items():
        told = np.array(await asyncio.gather(*(forced.of(*each) for each in asked))).reshape(-1, 2, 2)
        both |= {f"{kind}, in sum": told[:, :, 0], f"{kind}, a token": told[:, :, 1]}
        print(f"{kind}: {len(asked)} texts", flush=True)
    both["text, given the line, less alone"] = both["text, given the line, in sum"] - both["text alone, in sum"]
    edits = {sign: values[:, 0].tolist() for sign, values in both.items()}
    return edits | {f"{sign}; less the draft's": (values[:, 0] - values[:, 1]).tolist() for sign, values in both.items()}


def sample(found: Sequence[Verdict], each: int) -> list[Verdict]:
    """So many edits that are good, that mean something else, and that break a fact."""
    groups: list[list[Verdict]] = [[], [], []]
    for one in found:
        place = 0 if one.edit.good else 1 if one.edit.kind == "meaning" else 2 if one.edit.kind in FACTS else None
        if place is not None:
            groups[place].append(one)
    drawn = random.Random(SEED)  # noqa: S311  (no secret)
    return [one for group in groups for one in drawn.sample(group, min(each, len(group)))]


def tell(chosen: Sequence[Verdict], signs: dict[str, list[float]]) -> None:
    """Print how well each sign tells good edits from broken ones, and each beside the score by rules."""
    rules = [LEAST_GAIN if each.why else max(LEAST_GAIN, each.gain) for each in chosen]
    good, names = [each.edit.good for each in chosen], [each.edit.scene.name for each in chosen]
    beside = {f"rules and {sign}": left_out((rules, values), good, names) for sign, values in signs.items()}

    def above(values: Sequence[float], *kinds: str) -> str:
        told = list(zip(chosen, values, strict=True))
        broken = [value for each, value in told if not each.edit.good and each.edit.kind in kinds]
        return f"{apart([value for each, value in told if each.edit.good], broken):.2f}"

    columns = {"score by rules": rules} | signs | beside
    rows = [(sign, above(values, *FACTS), above(values, "meaning")) for sign, values in columns.items()]
    table(("", "facts", "meaning"), rows)


async def _asked(url: str, chosen: Sequence[Verdict]) -> tuple[dict[str, list[float]], int]:
    async with create_client(url.removesuffix("/v1"), service_token=None, timeout_s=600) as http:
        forced = Forced(http)
        return await signs_of(forced, chosen), len(forced.known)


def main() -> None:
    """Ask the embedded model about edits, and print what each sign is worth."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.enhancer.likelihood", description="Does an edit say what its line says?"
    )
    parser.add_argument("--each", type=int, default=40, help="edits that are good, of another meaning, and of broken facts")
    chosen = sample(asyncio.run(verdicts(scenes(PAIR, "dev"))), parser.parse_args().each)
    with embedded() as (_, url):
        signs, texts = asyncio.run(_asked(url, chosen))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost_s = (used.ru_utime + used.ru_stime) / texts
    print(
        f"Good edits above broken ones, of {len(chosen)} {PAIR} edits, dev scenes; {cost_s:.2f} s of processor a text:",
        flush=True,
    )
    tell(chosen, signs)


if __name__ == "__main__":
    main()
