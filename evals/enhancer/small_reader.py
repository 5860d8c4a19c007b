"""Whether the embedded model can read names: ``python -m evals.enhancer.small_reader``. Part of no figure.

Gemma 3 270M only goes on with a text, so it is shown lines with their names, and goes on with those of a line of the ``named/`` scenes. What it finds is held against what a
large model read there (``readings/``), word by word.
"""

import asyncio
from typing import Final

from evals.enhancer.naming import kept_readings
from evals.enhancer.providers import embedded
from evals.enhancer.reporting import table
from setu_common.llm import LlmProvider
from setu_enhancer.domain.text.words import folded, words

NONE: Final = "-"
LONGEST: Final = 24  # tokens
SHOWN: Final = (
    ("राज, तुम कहाँ थे?", "राज"),
    ("मेरे दिल की धड़कन बढ़ गई।", NONE),
    ("कल आशा के घर चलेंगे।", "आशा"),
    ("मुझे तुमसे कोई आशा नहीं है।", NONE),
    ("सूरज निकल आया, उठो।", NONE),
    ("सूरज भैया, इधर आओ।", "सूरज"),
    ("पानी लाओ, प्यास लगी है।", NONE),
    ("गंगा और मोती बाज़ार गए हैं।", "गंगा, मोती"),
    ("आज बहुत गरमी है।", NONE),
    ("रामपुर में मुन्नी की शादी है।", "रामपुर, मुन्नी"),
    ("शांति से बैठो।", NONE),
    ("शांति ने दरवाज़ा खोला।", "शांति"),
    ("मोतियों की माला टूट गई।", NONE),
    ("इंस्पेक्टर चौहान को फ़ोन करो।", "चौहान"),
    ("तुम क्या कर रहे हो?", NONE),
    ("फूलवती कल रात से नहीं आई।", "फूलवती"),
)
HEAD: Final = f"Names of people and places in each line of dialogue ('{NONE}' if there is none).\n\n"


def prompt(said: str) -> str:
    """What the model goes on with."""
    return HEAD + "".join(f"Line: {line}\nNames: {names}\n\n" for line, names in SHOWN) + f"Line: {said}\nNames:"


async def found_in(said: str, provider: LlmProvider) -> frozenset[str]:
    """The words of a line that the model takes for names, or parts of names."""
    answer = await provider.complete(prompt(said), max_tokens=LONGEST, stop=("\n",))
    return frozenset(map(folded, words(answer.text))) & frozenset(map(folded, words(said)))


async def main() -> None:
    """Print what it finds, of what there is and of what is none."""
    wanted = {
        said: frozenset(folded(word) for name in names for word in words(name.said))
        for readings in kept_readings("dev").values()
        for said, names in readings.lines.items()
    }
    with embedded() as (asked, _):
        async with asked.provider as provider:
            slots = asyncio.Semaphore(4)

            async def one(said: str) -> frozenset[str]:
                async with slots:
                    return await found_in(said, provider)

            found = dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))
    right = sum(len(found[said] & names) for said, names in wanted.items())
    there, told = sum(map(len, wanted.values())), sum(map(len, found.values()))
    rows = [
        ("words of names", there),
        ("taken for names", told),
        ("of these right", right),
        ("found, percent", 100 * right / there),
    ]
    table(("", ""), rows)


if __name__ == "__main__":
    asyncio.run(main())
