"""Hindi's "दो", which is two, and "give": a number before a word that can be counted, unless what stands before makes a verb of it."""

from typing import Final

from setu_enhancer.domain.text.words import unaccented


def _folded(listed: str) -> frozenset[str]:
    return frozenset(unaccented(word) for word in listed.split())


GIVE: Final = frozenset({"दो", "do"})
_AFTER_GIVE: Final = _folded(
    "ना न मत तो जी मुझे उसे इसे हमें उन्हें इन्हें मेरा मेरी मेरे उसका उसकी इसका कि वरना नहीं अब अभी जल्दी प्लीज़ प्लीज "
    "na mat to toh ji mujhe use ise hume usko isko ki warna nahi nahin ab abhi jaldi please"
)
_CALLED: Final = _folded("भाई यार बेटा बाबा सर मैडम अंकल दोस्त bhai yaar beta baba sir madam uncle dost")
_AND: Final = _folded("और फिर aur phir")
_GIVEN_TO: Final = _folded("मुझे उसे इसे हमें उन्हें इन्हें तुझे को मुझको उसको इसको हमको mujhe use ise hume unhe usko isko ko")
_BEFORE_GIVE: Final = _folded(
    "दे कर छोड़ बता रख मार डाल फेंक निकाल ला मिला भेज लिख कह बोल दिखा सुना पकड़ा हटा चला बना जला गिरा खोल बजा समझा लगा जवाब ध्यान साथ "
    "de kar chhod chod bata rakh maar daal phenk nikal la mila bhej likh keh bol dikha suna hata chala bana khol baja samjha laga"
)


def is_two(before: str, behind: str, *, is_last: bool) -> bool:
    """Whether a दो that stands between two words is a number.

    Args:
        before: the word before it; empty if there is none.
        behind: the word behind it.
        is_last: whether that ends the clause.
    """
    if (behind in _CALLED and is_last) or (behind in _AND and before in _GIVEN_TO):
        return False
    return behind not in _AFTER_GIVE and before not in _BEFORE_GIVE and not before.endswith(("ने", "ne"))
