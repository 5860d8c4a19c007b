"""SubStation Alpha (ASS): how subtitles look, and what pysubs2 leaves to mend."""

import io
from typing import Final

from pysubs2 import Alignment, Color, SSAFile, SSAStyle
from pysubs2.formats.substation import SubstationFormat

BRACES: Final = {ord("{"): "\uff5b", ord("}"): "\uff5d"}
"""Between braces stand a player's instructions. Players differ in how one writes others, so the full-width ones are shown."""

WIDTH_PX: Final = 1920
HEIGHT_PX: Final = 1080

# Free fonts (SIL Open Font License) that have the letters of a script; where one is missing, players take another that has them.
DEFAULT_FONT: Final = "Noto Sans"
_FONTS: Final = {
    "Noto Sans Devanagari": "hi mr ne sa",
    "Noto Sans Bengali": "bn as",
    "Noto Sans Gurmukhi": "pa",
    "Noto Sans Gujarati": "gu",
    "Noto Sans Tamil": "ta",
    "Noto Sans Telugu": "te",
    "Noto Sans Kannada": "kn",
    "Noto Sans Malayalam": "ml",
    "Noto Sans Sinhala": "si",
    "Noto Sans Arabic": "ar fa ps sd",
    "Noto Nastaliq Urdu": "ur",
    "Noto Sans Hebrew": "he yi",
    "Noto Sans CJK JP": "ja",
    "Noto Sans CJK KR": "ko",
    "Noto Sans CJK SC": "zh",
    "Noto Sans CJK HK": "yue",
    "Noto Sans Thai": "th",
    "Noto Sans Lao": "lo",
    "Noto Sans Khmer": "km",
    "Noto Sans Myanmar": "my",
    "Noto Serif Tibetan": "bo",
    "Noto Sans Armenian": "hy",
    "Noto Sans Georgian": "ka",
    "Noto Sans Ethiopic": "am",
}
FONTS: Final[dict[str, str]] = {language: font for font, languages in _FONTS.items() for language in languages.split()}
RIGHT_TO_LEFT: Final = frozenset(("ar", "fa", "he", "ps", "sd", "ur", "yi"))

# Source: libass, ass_types.h: a style's encoding of -1 has each line's direction found from its letters.
_DIRECTION_BY_LETTERS: Final = -1
_AS_THE_FONT_HAS_IT: Final = 1


def written(file: SSAFile, language: str) -> str:
    """The file as text, with the style that a language's lines are to have."""
    file.info.update({"Title": "Setu", "PlayResX": str(WIDTH_PX), "PlayResY": str(HEIGHT_PX), "YCbCr Matrix": "None"})
    file.styles["Default"] = style_of(language)
    text = io.StringIO()
    _Unclamped.to_file(file, text, "ass", header_notice="Written by Setu")
    return text.getvalue()


def style_of(language: str) -> SSAStyle:
    """White, with a black outline, at the bottom, at 5 % of the picture's height."""
    return SSAStyle(
        fontname=FONTS.get(language, DEFAULT_FONT),
        fontsize=HEIGHT_PX / 20,
        primarycolor=Color(255, 255, 255),
        outlinecolor=Color(0, 0, 0),
        backcolor=Color(0, 0, 0, 128),
        outline=3.0,
        shadow=1.0,
        alignment=Alignment.BOTTOM_CENTER,
        marginl=WIDTH_PX // 20,
        marginr=WIDTH_PX // 20,
        marginv=HEIGHT_PX // 20,
        encoding=_DIRECTION_BY_LETTERS if language in RIGHT_TO_LEFT else _AS_THE_FONT_HAS_IT,
    )


class _Unclamped(SubstationFormat):
    """As pysubs2 writes it, but a recording may be longer than ten hours, which it cuts off; libass reads any number of hours."""

    @staticmethod
    def ms_to_timestamp(requested_ms: int) -> str:
        """The time as ``H:MM:SS.cc``."""
        hundredths = (requested_ms + 5) // 10
        minutes, rest = divmod(hundredths, 6000)
        return f"{minutes // 60}:{minutes % 60:02d}:{rest // 100:02d}.{rest % 100:02d}"
