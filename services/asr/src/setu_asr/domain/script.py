"""The script that a language is written in here, and what to do where a recogniser wrote it in another.

Whisper writes Hindi in Urdu's script, and sometimes Marathi or Nepali too. A text in Devanagari before it makes it write that; where it
doesn't, the clip is heard again; where that doesn't help, the text is put into Devanagari letter by letter and marked. Words in
Latin letters are left alone: who mixes languages means it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from setu_asr.domain.devanagari import devanagari, in_arabic_script
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import Hints

# What might have been said before, in words that every film has.
_PROMPTS: Final = {
    "hi": "नमस्ते, आप कैसे हैं? हाँ, मैं ठीक हूँ। चलिए, अब बात करते हैं।",
    "mr": "नमस्कार, तुम्ही कसे आहात? हो, मी ठीक आहे. चला, आता बोलूया.",
    "ne": "नमस्ते, तपाईंलाई कस्तो छ? म ठीक छु। अब कुरा गरौं।",
}
_MORE: Final = {
    "hi": "एक दिन की बात है, सब लोग घर पर थे। क्या तुम मेरे साथ चलोगे? नहीं, मुझे बहुत काम है।",
    "mr": "एके दिवशी सगळे घरी होते. तू माझ्याबरोबर येशील का? नाही, मला खूप काम आहे.",
    "ne": "एक दिन सबै घरमा थिए। के तिमी मसँग आउँछौ? होइन, मलाई धेरै काम छ।",
}
CONTEXT: Final = 200  # characters of what was heard before


def script_prompt(language: str) -> str:
    """Text in the language's own script, for the recogniser to go on from; empty where none is needed."""
    return _PROMPTS.get(language, "")


def scripted(hints: Hints, language: str) -> Hints:
    """Hints whose prompt is in the language's own script, whatever the caller's is written in."""
    own = script_prompt(language)
    if not own or any("\u0900" <= character <= "\u097f" for character in hints.prompt):
        return hints
    return replace(hints, prompt=f"{own} {hints.prompt}".strip())


def insisting(hints: Hints, language: str, before: Sequence[Heard]) -> Hints:
    """Hints for a clip that came in the wrong script: more text in the right one, if there is any of what was heard before."""
    own = "".join(stretch.text for stretch in before if not in_arabic_script(stretch.text))[-CONTEXT:]
    return replace(hints, prompt=f"{hints.prompt} {_MORE[language]} {own}".strip())


def astray(heard: Sequence[Heard], language: str) -> bool:
    """Whether any of it is in a script that the language isn't written in here."""
    return language in _PROMPTS and any(in_arabic_script(stretch.text) for stretch in heard)


def put_right(heard: Sequence[Heard], language: str) -> list[Heard]:
    """The same, with what is in a wrong script put into the language's own and marked."""
    if language not in _PROMPTS:
        return list(heard)
    return [_put_right(stretch) if in_arabic_script(stretch.text) else stretch for stretch in heard]


def _put_right(stretch: Heard) -> Heard:
    words = tuple(replace(word, text=devanagari(word.text)) for word in stretch.words)
    text = "".join(word.text for word in words) if words else devanagari(stretch.text)
    return replace(stretch, text=text, words=words, transliterated=True)
