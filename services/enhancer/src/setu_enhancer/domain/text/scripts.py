"""In which script a text is written, and in which language."""

import unicodedata
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from setu_enhancer.domain.text.words import folded, folded_words

DOUBT: Final = 2.0  # words; so many must speak for a language before it is half sure
LATIN: Final = frozenset({"LATIN"})
HAN: Final = frozenset({"CJK", "IDEOGRAPHIC"})
# By the first word of the names that Unicode gives to their letters. What isn't named here is written in Latin.
_OTHERS: Final[dict[frozenset[str], str]] = {
    frozenset({"DEVANAGARI"}): "hi mr ne sa",
    frozenset({"ARABIC"}): "ar fa ps ur",
    frozenset({"ARABIC", "DEVANAGARI"}): "sd",
    frozenset({"ARMENIAN"}): "hy",
    frozenset({"BENGALI"}): "as bn",
    frozenset({"CYRILLIC"}): "ba be bg kk mk mn ru tg tt uk",
    frozenset({"CYRILLIC", "LATIN"}): "sr uz",
    frozenset({"ETHIOPIC"}): "am",
    frozenset({"GEORGIAN"}): "ka",
    frozenset({"GREEK"}): "el",
    frozenset({"GUJARATI"}): "gu",
    frozenset({"GURMUKHI", "ARABIC"}): "pa",
    frozenset({"HANGUL"}) | HAN: "ko",
    HAN | {"BOPOMOFO"}: "yue zh",
    frozenset({"HEBREW"}): "he yi",
    frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}) | HAN: "ja",
    frozenset({"KANNADA"}): "kn",
    frozenset({"KHMER"}): "km",
    frozenset({"LAO"}): "lo",
    frozenset({"MALAYALAM"}): "ml",
    frozenset({"MYANMAR"}): "my",
    frozenset({"SINHALA"}): "si",
    frozenset({"TAMIL"}): "ta",
    frozenset({"TELUGU"}): "te",
    frozenset({"THAI"}): "th",
    frozenset({"TIBETAN"}): "bo",
}
SCRIPTS: Final = {language: scripts for scripts, languages in _OTHERS.items() for language in languages.split()}

# Words that say little and occur everywhere. Hindi is known in both of its scripts: what is typed in Latin is Hindi all the same.
_SMALL: Final[dict[str, str]] = {
    "en": "a the and is are was were you he she they we it of to in that this not for with have has be do does did what my your his "
    "her i i'm don't can't it's let's on at but so if there will would can me him them who how why where when just from our no yes come go get got know see look think want like need say said tell told take give make good well here there now then "
    "right sorry please thank thanks okay help wait stop very too much more about out up down back over into by or as an were any some all one time day "
    "man never ever been being has had am should could may must shall us their its than only really",
    "hi": "है हैं हूँ हो था थी थे का की के को से में ने पर और नहीं ये यह वो वह मैं तुम आप हम मेरा मेरी मेरे तेरा तेरी तेरे क्या क्यों कैसे कहाँ कब कौन "
    "तो भी ही कि जो अब तक लेकिन मत अपना अपनी अपने कर रहा रही रहे गया गई गए मुझे तुझे उसे इसे कुछ कोई बहुत "
    "hai hain hoon hun ho tha thi ka ki ke ko se mein main ne par aur nahi nahin ye yeh vo woh tum aap hum mera meri mere tera "
    "teri tere kya kyun kyon kaise kahan kab kaun toh bhi hi jo ab tak lekin mat apna apni apne kar raha rahi rahe gaya gayi "
    "gaye mujhe tujhe use ise kuch kuchh koi bahut bohot arre arey yaar abhi phir bas accha achha haan kyu kyunki matlab raho karo chalo",
    "mr": "आहे आहेत नाही मी तू ते ती हे ही आणि काय का कसे मला तुला होता होती होते पण तर ची चा चे च्या ला ना",
    "ne": "छ छन् हुन्छ म तिमी उनी यो त्यो र को मा लाई ले छैन किन कसरी पनि भने थियो हो के",
    "fr": "le la les et est pas que de des un une je tu il elle nous vous ce cette dans pour sur avec qui ne se au du plus mais être "
    "sont suis es j'ai c'est t'es qu'il n'est d'un mon ma mes ton ta tes son sa ses ça oui non y en où quoi comme moi toi lui tout tous ici là bien fait faire va vais vas viens avec leur rien jamais toujours "
    "encore parce quand alors aussi très trop peu ai avons avez ont était peut veux veut dit votre notre vos nos merci bonjour donc car sans sous",
    "es": "el la los las y es no que de en un una por para con lo le se está pero como más mi tu su yo qué muy hay fue son al "
    "estoy eres soy me te si sí ya aquí ese esta este esto del tengo tienes nada cuando donde porque vamos voy va ven nos os hola gracias bien también siempre nunca "
    "todo todos algo alguien ella él ellos usted tiene quiero quieres sé dijo hacer haces",
    "pt": "o a os as e é não que de do da um uma por para com eu você ele ela se mas como mais meu minha seu foi são em no na está "
    "estou me te isso este esta isto aqui já muito quando onde porque dos das ao nos tem tenho vai vou sim obrigado tudo nada ninguém também sempre nunca fazer fez disse quero você vocês eles elas nós "
    "só bem cá lá então quem qual ser ter",
    "it": "il lo la gli le e è non che di un una per con sono mi ti si ma come più della del nel alla questo anche ho hai cosa perché "
    "io tu lui lei noi voi sei siamo c'è qui bene tutto",
    "de": "der die das und ist nicht ich du sie wir ein eine den dem mit auf für von zu sich auch wie war haben wird aber dass es er "
    "ihr was wenn hier ja nein mir dir mich dich bin bist sind hat",
    "nl": "de het een en is niet ik je hij zij wij van op te dat met voor zijn maar aan er ook wat naar heeft hebben jij ben bent",
    "pl": "i nie jest się w na że to z do jak co mnie ty on ona jestem był była ale czy tak już ma dla",
}  # fmt: skip
SMALL_WORDS: Final = {language: frozenset(folded(word) for word in listed.split()) for language, listed in _SMALL.items()}

_LANGUAGES_OF: Final = {
    word: tuple(language for language, listed in SMALL_WORDS.items() if word in listed)
    for word in frozenset().union(*SMALL_WORDS.values())
}
_SPREAD: Final = Counter(word for listed in SMALL_WORDS.values() for word in listed)


def scripts_of(language: str) -> frozenset[str]:
    """The scripts that a language is written in, by the first word of the Unicode names of their letters."""
    return SCRIPTS.get(language, LATIN)


@lru_cache(maxsize=16_384)
def script_of(character: str) -> str:
    """The script of a letter or vowel sign; empty for what is none, and for signs that all scripts share."""
    if unicodedata.category(character)[0] not in "LM":
        return ""
    script = unicodedata.name(character, "").split(" ")[0]
    return "" if script in {"COMBINING", "MODIFIER", "ZERO", "VARIATION", "FEMININE", "MASCULINE"} else script


def script_counts(text: str) -> Counter[str]:
    """How many letters of each script a text has."""
    if text.isascii():
        letters = sum(map(str.isalpha, text))
        return Counter(LATIN=letters) if letters else Counter()
    found = Counter(map(script_of, text))
    del found[""]
    return found


def foreign_share(text: str, language: str) -> float:
    """The share of letters that aren't of the language's script or scripts, 0..1; 0 if there are no letters."""
    own = scripts_of(language)
    if text.isascii() and own >= LATIN:
        return 0.0
    found = script_counts(text)
    letters = found.total()
    return sum(count for script, count in found.items() if script not in own) / letters if letters else 0.0


def likely_language(text: str, among: Collection[str]) -> tuple[str, float]:
    """Which of some languages a text is in.

    The script decides where only one of them has it, small words where several do. Hindi is looked for in Latin script too.

    Args:
        text: at least a few words, or it can't be told.
        among: the languages that it may be in; not empty.

    Returns:
        The language, and how sure that is, 0..1; the first of them with 0.0 where nothing speaks for any.
    """
    first = next(iter(among))
    counts = script_counts(text)
    if not counts:
        return first, 0.0
    main, letters = counts.most_common(1)[0]
    share = letters / counts.total()
    written_so = [each for each in among if main in scripts_of(each) or (each == "hi" and main in LATIN)]
    if not written_so:
        return first, 0.0
    if len(written_so) == 1:
        return written_so[0], share
    said = folded_words(text)
    hits = dict.fromkeys(written_so, 0.0)
    for word in said:
        for each in _LANGUAGES_OF.get(word, ()):
            if each in hits:
                hits[each] += 1 / _SPREAD[word]
    (best, most), (_, next_most) = sorted(hits.items(), key=lambda each: each[1], reverse=True)[:2]
    if most == next_most:
        return (best, 0.0) if most else (next((each for each in written_so if main in scripts_of(each)), first), 0.0)
    return best, share * (most - next_most) / (most + next_most + DOUBT)
