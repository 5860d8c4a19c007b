"""How media files name languages: by codes of three letters, of two letters, or in English."""

from typing import Final

# The codes of ISO 639-2 (both kinds where there are two) and 639-3 for the codes that Setu uses.
# Source: the code tables of the Library of Congress (639-2) and SIL (639-3).
_CODES: Final = """
af afr|am amh|ar ara|as asm|az aze|ba bak|be bel|bg bul|bn ben|bo tib bod|br bre|bs bos|ca cat|cs cze ces|cy wel cym|da dan|de ger deu
el gre ell|en eng|es spa|et est|eu baq eus|fa per fas|fi fin|fo fao|fr fre fra|gl glg|gu guj|ha hau|haw haw|he heb|hi hin|hr hrv|ht hat
hu hun|hy arm hye|id ind|is ice isl|it ita|ja jpn|jw jav jv|ka geo kat|kk kaz|km khm|kn kan|ko kor|la lat|lb ltz|ln lin|lo lao|lt lit
lv lav|mg mlg|mi mao mri|mk mac mkd|ml mal|mn mon|mr mar|ms may msa|mt mlt|my bur mya|ne nep|nl dut nld|nn nno|no nor nob nb|oc oci
pa pan|pl pol|ps pus|pt por|ro rum ron|ru rus|sa san|sd snd|si sin|sk slo slk|sl slv|sn sna|so som|sq alb sqi|sr srp|su sun|sv swe
sw swa|ta tam|te tel|tg tgk|th tha|tk tuk|tl tgl fil|tr tur|tt tat|uk ukr|ur urd|uz uzb|vi vie|yi yid|yo yor|yue yue|zh chi zho cmn
"""

LANGUAGE_TAGS: Final[dict[str, frozenset[str]]] = {
    codes[0]: frozenset(codes) for codes in (entry.split() for entry in _CODES.replace("\n", "|").split("|") if entry)
}


def is_language(tag: str, language: str) -> bool:
    """Whether a file's tag, such as "hin", "hi-IN" or "hi", names the language of a code such as "hi"."""
    first = tag.strip().casefold().replace("_", "-").split("-")[0]
    return first in LANGUAGE_TAGS.get(language, frozenset((language,)))
