"""How Matroska names languages."""

from typing import Final

# Source: RFC 9559, 5.1.4.1.19 (ISO 639-2, of two codes the bibliographic one), and the Library of Congress's table of them.
# Cantonese has no code there and keeps that of ISO 639-3.
_CODES: Final = """
af afr|am amh|ar ara|as asm|az aze|ba bak|be bel|bg bul|bn ben|bo tib|br bre|bs bos|ca cat|cs cze|cy wel|da dan|de ger|el gre|en eng
es spa|et est|eu baq|fa per|fi fin|fo fao|fr fre|gl glg|gu guj|ha hau|haw haw|he heb|hi hin|hr hrv|ht hat|hu hun|hy arm|id ind|is ice
it ita|ja jpn|jw jav|ka geo|kk kaz|km khm|kn kan|ko kor|la lat|lb ltz|ln lin|lo lao|lt lit|lv lav|mg mlg|mi mao|mk mac|ml mal|mn mon
mr mar|ms may|mt mlt|my bur|ne nep|nl dut|nn nno|no nor|oc oci|pa pan|pl pol|ps pus|pt por|ro rum|ru rus|sa san|sd snd|si sin|sk slo
sl slv|sn sna|so som|sq alb|sr srp|su sun|sv swe|sw swa|ta tam|te tel|tg tgk|th tha|tk tuk|tl tgl|tr tur|tt tat|uk ukr|ur urd|uz uzb
vi vie|yi yid|yo yor|yue yue|zh chi
"""

TAGS: Final[dict[str, str]] = dict(entry.split() for entry in _CODES.replace("\n", "|").split("|") if entry)
"""The code that Matroska has for a language of `setu_common.contracts`."""
