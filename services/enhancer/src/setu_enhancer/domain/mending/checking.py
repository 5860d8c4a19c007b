"""What is made of a draft, looked at once more: mark-up stays whole, a name stands once, and capitals throughout stay so."""

import re
from collections.abc import Sequence
from typing import Final

from setu_enhancer.domain.glossary import Entry
from setu_enhancer.domain.text.words import words

# Tags of subtitles, what is in brackets, and who speaks: no name is put into them.
_MARK_UP: Final = re.compile(r"\{[^{}]*\}|<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|^\s*[-–]?\s*[A-Z][A-Z .]+:")


def checked(draft: str, made: str, entries: Sequence[Entry]) -> str:
    """A draft as rules made it, tidied; the draft itself where its mark-up was broken.

    Args:
        draft: as it was.
        made: as rules made it.
        entries: those of the line.
    """
    if made == draft:
        return draft
    if any(made.count(mark) < draft.count(mark) for mark in _MARK_UP.findall(draft)):
        return draft
    for entry in entries:
        made = _once(entry.target, draft, made)
    return made.upper() if draft.isupper() and len(words(draft)) > 1 else made


def _once(target: str, draft: str, made: str) -> str:
    """A text in which no half of a name of several words stands beside the whole: "Neem Neem Chowk"."""
    parts = words(target)
    if len(parts) == 1 or not parts:
        return made
    for doubled in (f"{parts[0]} {target}", f"{target} {parts[-1]}"):
        if doubled not in draft:
            made = re.sub(rf"(?<!\w){re.escape(doubled)}(?!\w)", lambda _: target, made)
    return made
