"""What Whisper writes where nobody speaks: lines that ended thousands of the videos that it learned from."""

import re
import unicodedata
from typing import Final

# Source: openai/whisper discussions 679 and 928, and what the models here wrote on noise (evals); by language, normalised as below.
# A line counts as one of these if it begins with it, and little follows.
_OPENINGS: Final = {
    "en": (
        "thank you", "thanks for watching", "thank you for watching", "thank you so much for watching", "thank you very much",
        "please subscribe", "subscribe to", "like and subscribe", "dont forget to subscribe", "see you next time", "ill see you next time",
        "see you in the next video", "ill see you in the next video", "subtitles by", "transcription by", "captions by", "bye", "you",
    ),
    "fr": (
        "sous titres réalisés par", "sous titrage", "sous titres par", "sous titres faits par", "merci davoir regardé", "abonnez vous",
        "merci à tous", "noubliez pas de vous abonner",
    ),
    "es": (
        "subtítulos realizados por", "subtítulos por", "gracias por ver", "suscríbete", "no olvides suscribirte", "suscríbanse",
        "gracias por ver el video",
    ),
    "pt": (
        "legendas pela comunidade", "legendado por", "legendas por", "obrigado por assistir", "obrigada por assistir", "inscreva se",
        "se inscreva no canal", "até a próxima", "tchau",
    ),
    "it": ("sottotitoli creati dalla comunità", "sottotitoli e revisione a cura", "grazie per la visione", "iscrivetevi al canale"),
    "de": ("untertitel der amara", "untertitel im auftrag", "untertitelung", "vielen dank fürs zuschauen", "copyright wdr"),
    "nl": ("ondertitels ingediend door", "ondertiteld door", "bedankt voor het kijken"),
    "pl": ("napisy stworzone przez", "dziękuję za oglądanie", "dzięki za oglądanie", "subskrybuj"),
    "ru": ("субтитры сделал", "субтитры создавал", "редактор субтитров", "продолжение следует", "спасибо за просмотр", "подписывайтесь на"),
    "hi": ("सब्सक्राइब", "चैनल को सब्सक्राइब", "देखने के लिए धन्यवाद", "वीडियो देखने के लिए", "धन्यवाद", "प्रस्तुत्र"),
    "ja": ("ご視聴ありがとうございました", "最後までご視聴", "チャンネル登録", "次回予告"),
    "ko": ("시청해주셔서 감사합니다", "구독과 좋아요", "한글자막 by"),
    "zh": ("字幕由", "字幕志愿者", "請不吝點贊", "请不吝点赞", "谢谢观看", "謝謝觀看", "中文字幕", "优优独播剧场", "由 amara"),
    "ar": ("ترجمة نانسي", "اشتركوا في القناة", "شكرا على المشاهدة"),
    "tr": ("altyazı", "izlediğiniz için teşekkür", "abone olmayı"),
}  # fmt: skip
_FOLLOWS: Final = 24  # characters that may follow: "Amara.org", "the channel"
# Nobody says these in earnest, wherever they are: who made the subtitles of another film.
_CREDITS: Final = re.compile(r"amara\.?\s?org|opensubtitles|subtitles by the amara|nancy qunqar|نانسي قنقر", re.IGNORECASE)


def normal(text: str) -> str:
    """Letters and digits in small print, single spaces between words; an apostrophe is nothing."""
    plain = unicodedata.normalize("NFC", text).casefold().replace("'", "").replace("’", "")
    return " ".join(re.sub(r"[^\w\s\u0900-\u0963\u0966-\u097f]|_", " ", plain).split())


def boilerplate(text: str, language: str) -> bool:
    """Whether it may be a line that nobody said here."""
    plain = normal(text)
    openings = (*_OPENINGS.get(language, ()), *_OPENINGS["en"])
    return credits_line(text) or any(
        plain == opening or (plain.startswith(opening) and len(opening) > _SHORT and len(plain) - len(opening) <= _FOLLOWS)
        for opening in openings
    )


_SHORT: Final = 4  # "you" and "bye" are said alone or not meant


def credits_line(text: str) -> bool:
    """Whether it names who made another film's subtitles."""
    return bool(_CREDITS.search(text))
