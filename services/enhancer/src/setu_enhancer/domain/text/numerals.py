"""The words for numbers, by language. Spelling is folded, see ``words``: accents and nuktas do not matter."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final

from setu_enhancer.domain.text.sieve import Sieve, Sieves, sieve
from setu_enhancer.domain.text.words import unaccented

# Each group of spellings is one number; they count from the first.
_HINDI: Final = (
    "शून्य ज़ीरो|एक|दो|तीन|चार|पाँच पांच|छह छः छे|सात|आठ|नौ|दस|ग्यारह|बारह|तेरह|चौदह|पंद्रह पन्द्रह|सोलह|सत्रह सतरह|अठारह अट्ठारह|उन्नीस|बीस|"
    "इक्कीस|बाईस बाइस|तेईस तेइस|चौबीस|पच्चीस|छब्बीस|सत्ताईस सत्ताइस|अट्ठाईस अठ्ठाईस अठाईस अट्ठाइस|उनतीस उन्तीस|तीस|इकतीस इकत्तीस|बत्तीस|तैंतीस तेंतीस|चौंतीस|पैंतीस|"
    "छत्तीस|सैंतीस|अड़तीस|उनतालीस उन्तालीस|चालीस|इकतालीस|बयालीस बयालिस|तैंतालीस तेंतालीस|चौवालीस चवालीस चौंवालीस|पैंतालीस|छियालीस|सैंतालीस|अड़तालीस|"
    "उनचास उन्चास|पचास|इक्यावन|बावन|तिरपन तिरेपन|चौवन|पचपन|छप्पन|सत्तावन|अट्ठावन अठावन|उनसठ|साठ|इकसठ|बासठ|तिरसठ तिरेसठ|चौंसठ|पैंसठ|छियासठ|"
    "सड़सठ|अड़सठ|उनहत्तर|सत्तर|इकहत्तर|बहत्तर|तिहत्तर|चौहत्तर|पचहत्तर पिचहत्तर|छिहत्तर|सतहत्तर|अठहत्तर|उन्यासी उनासी|अस्सी|इक्यासी|बयासी|तिरासी|"
    "चौरासी|पचासी|छियासी|सत्तासी सतासी|अट्ठासी अठासी|नवासी|नब्बे|इक्यानवे इक्यानबे|बानवे बानबे|तिरानवे तिरानबे|चौरानवे चौरानबे|पचानवे पंचानवे पचानबे|छियानवे छियानबे|"
    "सत्तानवे सत्तानबे|अट्ठानवे अट्ठानबे अठानवे|निन्यानवे निन्यानबे"
)
_ROMANISED: Final = (
    "zero|ek|do|teen tin|chaar char|paanch panch|chhe chhah cheh chhay|saat sat|aath aanth|nau|das dus|gyarah gyara|barah baarah baara|terah tera|"
    "chaudah|pandrah pandra|solah sola|satrah|atharah|unnis|bees bis|ikkis|bais baees|teis|chaubis|pachchis pachees pachis|chhabbis|sattais|"
    "atthais|untis|tees"
)
_ENGLISH: Final = "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty"
_IN_DEVANAGARI: Final = (
    "ज़ीरो|वन|टू|थ्री|फोर|फाइव|सिक्स|सेवन|एट|नाइन|टेन|इलेवन|ट्वेल्व|थर्टीन|फोर्टीन|फिफ्टीन|सिक्सटीन|सेवेंटीन|एटीन|नाइनटीन|ट्वेंटी"
)
_FRENCH: Final = "zero|un une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|dix-sept|dix-huit|dix-neuf|vingt vingts"
_SPANISH: Final = (
    "cero|un uno una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieciseis|diecisiete|dieciocho|diecinueve|"
    "veinte|veintiuno veintiun veintiuna|veintidos|veintitres|veinticuatro|veinticinco|veintiseis|veintisiete|veintiocho|veintinueve|treinta"
)
_PORTUGUESE: Final = (
    "zero|um uma|dois duas|tres|quatro|cinco|seis|sete|oito|nove|dez|onze|doze|treze|quatorze catorze|quinze|dezesseis dezasseis|"
    "dezessete dezassete|dezoito|dezenove dezanove|vinte"
)


def _listed(spelled: Mapping[str, int | str]) -> dict[str, Decimal]:
    return {unaccented(spelling): Decimal(value) for spellings, value in spelled.items() for spelling in spellings.split(" ")}


def _counted(groups: str, more: Mapping[str, int | str] | None = None) -> dict[str, Decimal]:
    return _listed({group: value for value, group in enumerate(groups.split("|"))} | dict(more or {}))


def _words(listed: str) -> frozenset[str]:
    return frozenset(unaccented(word) for word in listed.split())


@dataclass(frozen=True)
class Numerals:
    """How a language says numbers.

    Args:
        simple: words below a hundred, and ordinals from the third on.
        powers: words that multiply what stands before them.
        joints: words inside of a number: "two hundred and five", "treinta y uno".
        ors: words between two guesses: "two or three".
        vague: words that are numbers only sometimes, such as दो, which is "give" as well: what they may say.
        bare: powers that say "ever so many" where nothing stands before them.
        before_hour: words between an hour and its minutes: "तीन बजकर दस".
        point: words for a decimal point.
        idioms: sayings with numbers in them that mean none, as patterns over folded text.
        rewritten: what is spelled otherwise before anything is read, pattern and replacement.
        endings: of ordinals, behind the word for a number.
        teens: whether tens may be followed by numbers above ten: soixante-dix-sept.
        decimal_comma: whether digits have a comma before their decimals.
    """

    simple: Mapping[str, Decimal]
    powers: Mapping[str, Decimal]
    joints: frozenset[str] = frozenset()
    ors: frozenset[str] = frozenset()
    vague: Mapping[str, Decimal] = field(default_factory=dict)
    bare: frozenset[str] = frozenset()
    before_hour: frozenset[str] = frozenset()
    point: frozenset[str] = frozenset()
    idioms: tuple[str, ...] = ()
    rewritten: tuple[tuple[str, str], ...] = ()
    endings: tuple[str, ...] = ()
    teens: bool = False
    decimal_comma: bool = False

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """All words without which no number is said."""
        ahead = ("साढे", "सवा", "पौने", "sadhe", "saadhe", "saade", "sava", "sawa", "paune", "pone")
        return frozenset((*self.simple, *self.powers, *self.vague, *ahead))

    @cached_property
    def joining(self) -> frozenset[str]:
        """Words that may make one number of two that they stand between, or a guess."""
        return frozenset((*self.before_hour, *self.joints, *self.ors, *self.point))

    def stem(self, word: str) -> str:
        """An ordinal without its ending, if that is a number; else the word."""
        return next((word.removesuffix(each) for each in self.endings if word.removesuffix(each) in self.simple), word)

    @cached_property
    def idiom(self) -> Sieve:
        """What finds a saying."""
        return sieve(rf"(?<![\w\u0900-\u0963])(?:{'|'.join(map(unaccented, self.idioms)) or '(?!)'})(?![\w\u0900-\u0963])")

    @cached_property
    def rewriting(self) -> tuple[Sieves, tuple[str, ...]]:
        """What finds what is spelled otherwise, and the replacements."""
        return Sieves(re.compile(pattern) for pattern, _ in self.rewritten), tuple(each for _, each in self.rewritten)


# Marks that stand for fractions in rewritten text: so much is added to what follows, or to what stands before.
HALF_MORE, QUARTER_MORE, QUARTER_LESS = "½₊", "¼₊", "¼₋"
AND_HALF, AND_QUARTER, AND_QUARTERS, BUT_QUARTER = "₊½", "₊¼", "₊¾", "₋¼"
AHEAD: Final = {HALF_MORE: Decimal("0.5"), QUARTER_MORE: Decimal("0.25"), QUARTER_LESS: Decimal("-0.25")}
BEHIND: Final = {
    AND_HALF: Decimal("0.5"),
    AND_QUARTER: Decimal("0.25"),
    AND_QUARTERS: Decimal("0.75"),
    BUT_QUARTER: Decimal("-0.25"),
}

_EN_MORE: Final[dict[str, int | str]] = {
    "thirty": 30, "forty fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12,
    "nil nought": 0, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
    "twentieth": 20, "thirtieth": 30, "hundredth": 100,
}  # fmt: skip
_EN_POWERS: Final[dict[str, int | str]] = {
    "hundred": 100, "thousand k": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12, "lakh lakhs lac lacs": 10**5,
    "crore crores": 10**7,
}  # fmt: skip
_HI_POWERS: Final[dict[str, int | str]] = {
    "सौ": 100, "दर्जन darjan dozen": 12, "हज़ार": 1000, "लाख": 10**5, "करोड़": 10**7, "अरब": 10**9, "खरब": 10**11, "हंड्रेड": 100, "थाउज़ेंड": 1000, "मिलियन": 10**6, "बिलियन": 10**9,
    "sau hundred": 100, "hazar hazaar hajar thousand k": 1000, "lakh lac": 10**5, "crore karod karor": 10**7, "million": 10**6, "billion": 10**9,
}  # fmt: skip
_HI_MORE: Final[dict[str, int | str]] = {
    "पौन पौना": "0.75", "डेढ़ dedh": "1.5", "ढाई अढ़ाई dhai": "2.5", "तीनों teeno teenon": 3, "चारों chaaro charon": 4, "पाँचों": 5, "सातों": 7,
    "थर्टी": 30, "फोर्टी": 40, "फिफ्टी": 50, "सिक्सटी": 60, "सेवेंटी": 70, "एटी": 80, "नाइनटी": 90,
    "तीसरा तीसरी तीसरे teesra teesri teesre": 3, "चौथा चौथी चौथे chautha chauthi chauthe": 4, "पाँचवाँ पाँचवीं पाँचवें paanchva paanchvi": 5,
    "छठा छठी छठे": 6, "सातवाँ सातवीं सातवें": 7, "आठवाँ आठवीं आठवें": 8, "नौवाँ नौवीं नौवें नवाँ नवीं": 9, "दसवाँ दसवीं दसवें": 10, "ग्यारहवीं ग्यारहवें": 11,
    "बारहवीं बारहवें बारहवाँ": 12, "थर्ड": 3, "फ़ोर्थ": 4, "फ़िफ़्थ": 5, "chalis chaalis chalees": 40, "pachas pachaas": 50, "sattar": 70, "assi": 80, "nabbe": 90,
}  # fmt: skip
# English words inside of Hindi, but those that are Hindi words in Latin script as well.
_HI_ENGLISH: Final = {
    word: value for word, value in _counted(_ENGLISH, _EN_MORE).items() if word not in {"one", "ten", "second"}
} | {"ten": Decimal(10)}

HINDI: Final = Numerals(
    simple={
        word: value
        for word, value in (_HI_ENGLISH | _counted(_IN_DEVANAGARI) | _counted(_ROMANISED) | _counted(_HINDI, _HI_MORE)).items()
        if word not in _words("दो do वन tera sat सातों")
    },
    powers=_listed(_HI_POWERS),
    ors=_words("या ya"),
    vague=_listed({"दो do दोनों दोनो dono donon दूसरा दूसरी दूसरे doosra dusra dusri doosri dusre": 2, "वन one पहला पहली pehla": 1, "आधा आधे आधी adha aadha aadhe": "0.5", "पाव चौथाई paav chauthai": "0.25", "फ़र्स्ट": 1, "tera": 13, "sat": 7, "छक्का छक्के": 6, "चौका चौके": 4}),
    bare=_words("लाख lakh lac करोड़ crore karod अरब खरब k"),
    before_hour=_words("बजकर बजके bajkar bajke"),
    endings=tuple(map(unaccented, ("वाँ", "वीं", "वें", "वां", "वा", "वी"))),
    point=_words("दशमलव पॉइंट प्वाइंट point"),
    idioms=(
        "नौ दो ग्यारह", "नौ[ -]दो[ -]ग्यारह", "चार चांद", "तीन तेरह", "उन्नीस[ -]बीस", "सोलह आने", "एक और एक ग्यारह", "चार दिन की चांदनी", "आठ[ -]आठ आंसू", "तीन[ -]पांच",
        "छत्तीस का आंकड़ा", "निन्यानवे का फेर", "सात जन्मों?", "सात समंदर", "सात समुंदर", "सातवें आसमान", "दो टूक", "दो जून", "दो[ -]चार", "चारों (?:तरफ|ओर|खाने)", "पांचों उंगलियां",
        "पांचों अंगुलियां", "बाईस पंसेरी", "सौ बात की", "सौ सुनार की", "लाख टके", "दो कौड़ी", "चार पैसे", "दो पैसे", "चार सौ बीसी", "तीसरी आंख", "लाख[ -]लाख", "हज़ार[ -]हज़ार", "सौ[ -]सौ बार", "लाखों में एक", "एक[ -]दो", "दो[ -]एक", "दो मिनट रुक", "nau do gyarah", "unnees[ -]bees",
        "chaar chaand", "do[ -]chaar", "saat janam", "solah aane",
    ),
    rewritten=(
        (r"(?<!\S)(?:(?:एक|ek) )?(?:तिहाई|tihai)(?!\S)", " 3 "),
        (r"(?<!\S)(?:साढे|साढ़े|sadhe|saadhe|saade)(?!\S)", HALF_MORE),
        (r"(?<!\S)(?:सवा|sava|sawa)(?!\S)", QUARTER_MORE),
        (r"(?<!\S)(?:पौने|paune|pone)(?!\S)", QUARTER_LESS),
    ),
)  # fmt: skip
ENGLISH: Final = Numerals(
    simple=_counted(_ENGLISH, _EN_MORE),
    powers=_listed(_EN_POWERS),
    joints=frozenset({"and"}),
    ors=frozenset({"or"}),
    vague=_listed({"half": "0.5", "quarter": "0.25", "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80, "nineties": 90, "both twice second double pair couple": 2, "first once": 1, "thrice": 3, "noon midday midnight": 12}),
    before_hour=frozenset(),
    point=frozenset({"point"}),
    idioms=(
        r"on cloud nine", r"catch-22", r"nine times out of ten", r"thanks a million", r"a million times", r"one in a million", r"at sixes and sevens",
        r"(?:no|any|every|some|the|this|that|these|those|each|which|my|little|loved|young)[ -]ones?\b", r"six feet under", r"seven lives", r"seven seas",
        r"seventh heaven", r"four corners", r"(?<!can )(?<!only )(?<!could )(?:take|took) five(?=\s*[.!?,]|$)", r"high five", r"third wheel", r"third eye", r"fifty-fifty", r"a hundred percent", r"a thousand (?:times|thanks)", r"thousand times", r"two cents", r"twenty-twenty", r"two-faced", r"two-timing", r"on all fours", r"forty winks",
    ),
    rewritten=(
        (r"(?<=[a-z])-(?=[a-z])", " "),
        (r"\b(?:the|you|us|them|we|those|these) two\b(?= (?:of|to|are|were|have|can|should|stop|come|go|both|in|at)\b|[.,!?]|$)|\btwo of (?=you|us|them)", " both "),
        (r"\b(?<=\w) (?:and )?three[- ]quarters?(?: of)?(?= (?:an? )?\w)", f" {AND_QUARTERS} "),
        (r"(?<=\w) and three quarters\b", f" {AND_QUARTERS} "),
        (r"\bthirds\b", "3"),
        (r"\ban(?= hour(?:,| and)? (?:thirty|fifteen|forty[- ]five|30|15|45) minutes)", "one"),
        (r" hours?(?:,| and)? forty[- ]five minutes", f" {AND_QUARTERS} "),
        (r" hours?(?:,| and)? (?:thirty|30) minutes", f" {AND_HALF} "),
        (r" hours?(?:,| and)? (?:fifteen|15) minutes", f" {AND_QUARTER} "),
        (r" hours?(?:,| and)? 45 minutes", f" {AND_QUARTERS} "),
        (r"\bhalf (?:past|after) (?=\w)", f" {HALF_MORE} "),
        (r"\b(?:a )?quarter (?:past|after) (?=\w)", f" {QUARTER_MORE} "),
        (r"\b(?:a )?quarter (?:to|of|till) (?=(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d))", f" {QUARTER_LESS} "),
        (r"\ban? (?!(?:one|two|three|four|five|six|seven|eight|nine|ten)\b)(\w+) and a half\b", rf"one {AND_HALF} \1"),
        (r"\b(\w+) (hours?|years?|months?|days?|weeks?|minutes?|miles?|times?) and a half\b", rf"\1 {AND_HALF} \2"),
        (r"\ban? (\w+) and a quarter\b", rf"one {AND_QUARTER} \1"),
        (r"\band a half\b", f" {AND_HALF} "),
        (r"\band a quarter\b", f" {AND_QUARTER} "),
        (r"\bhalf a (?=million|billion|lakh|crore|dozen|thousand)", " ₀½ "),
        (r"\ba (?=hundred|thousand|million|billion|lakh|crore|dozen|couple)", " "),
    ),
)  # fmt: skip
FRENCH: Final = Numerals(
    simple={
        word: value
        for word, value in _counted(
            _FRENCH,
            {
                "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70, "huitante octante": 80, "nonante": 90,
                "douzaine": 12, "troisieme": 3, "quatrieme": 4, "cinquieme": 5, "sixieme": 6, "septieme": 7, "huitieme": 8, "neuvieme": 9,
                "dixieme": 10, "dixsept dixseptieme": 17, "dixhuit dixhuitieme": 18, "dixneuf dixneuvieme": 19, "onzieme": 11, "douzieme": 12, "treizieme": 13,
                "quatorzieme": 14, "quinzieme": 15, "seizieme": 16, "vingtieme": 20, "centieme": 100,
            },
        ).items()
        if "-" not in word
    },
    powers=_listed({"cent cents": 100, "mille": 1000, "million millions": 10**6, "milliard milliards": 10**9}),
    joints=frozenset({"et"}),
    ors=frozenset({"ou"}),
    vague=_listed({"demi demie": "0.5", "quart": "0.25", "tiers": 3, "dizaine": 10, "quinzaine": 15, "vingtaine": 20, "trentaine": 30, "quarantaine": 40, "cinquantaine": 50, "centaine": 100, "deuxieme second seconde": 2, "premier premiere": 1}),
    before_hour=frozenset({"heures", "heure", "h"}),
    point=frozenset({"virgule"}),
    idioms=(r"tout neuf", r"flambant neuf", r"quoi de neuf", r"rien de neuf", r"(?:quatre|36|trente[ -]six) (?:vents|chemins|cents coups)", r"en mille morceaux", r"mille fois merci", r"mille mercis", r"merci mille fois", r"a deux doigts", r"quinze jours", r"deux[ -]trois", r"entre quatre yeux", r"quatre a quatre"),
    rewritten=(
        (r"\bdix[- ]sept(?=\b|ieme)", "dixsept"),
        (r"\bdix[- ]huit(?=\b|ieme)", "dixhuit"),
        (r"\bdix[- ]neuf(?=\b|vieme)", "dixneuf"),
        (r"\b(?:heures?|ans?) et demie?\b", f" {AND_HALF} "),
        (r"\bet demie?\b", f" {AND_HALF} "),
        (r"\b(?:heures? )?et quart\b", f" {AND_QUARTER} "),
        (r"\b(?:heures? )?moins le quart\b", f" {BUT_QUARTER} "),
        (r"-", " "),
    ),
    teens=True,
    decimal_comma=True,
)  # fmt: skip
SPANISH: Final = Numerals(
    simple=_counted(
        _SPANISH,
        {
            "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70, "ochenta": 80, "noventa": 90, "docena": 12, "doscientos doscientas": 200,
            "trescientos trescientas": 300, "cuatrocientos cuatrocientas": 400, "quinientos quinientas": 500, "seiscientos seiscientas": 600,
            "setecientos setecientas": 700, "ochocientos ochocientas": 800, "novecientos novecientas": 900, "tercero tercera tercer": 3,
            "cuarta": 4, "quinto quinta": 5, "sexto sexta": 6, "septimo septima": 7, "octavo octava": 8, "noveno novena": 9, "decimo decima": 10,
        },
    ),
    powers=_listed({"cien ciento": 100, "mil": 1000, "millon millones": 10**6}),
    joints=frozenset({"y"}),
    ors=frozenset({"o"}),
    vague=_listed({"medio media": "0.5", "tercio tercios": 3, "decena": 10, "quincena": 15, "veintena": 20, "centenar": 100, "segundo segunda ambos": 2, "primero primera primer": 1, "cuarto": 4}),
    before_hour=frozenset({"horas"}),
    point=frozenset({"coma", "punto"}),
    idioms=(r"mil gracias", r"gracias mil", r"a los cuatro vientos", r"en un dos por tres", r"cuatro gatos", r"ni a la de tres"),
    rewritten=((r"(?<!una )(?<!la )\bhora y media\b", f" una {AND_HALF} "), (r"\b(?:horas? )?y media\b", f" {AND_HALF} "), (r"\b(?:horas? )?y cuarto\b", f" {AND_QUARTER} "), (r"\bmenos cuarto\b", f" {BUT_QUARTER} ")),
    decimal_comma=True,
)  # fmt: skip
PORTUGUESE: Final = Numerals(
    simple=_counted(
        _PORTUGUESE,
        {
            "trinta": 30, "quarenta": 40, "cinquenta": 50, "sessenta": 60, "setenta": 70, "oitenta": 80, "noventa": 90, "duzia": 12,
            "duzentos duzentas": 200, "trezentos trezentas": 300, "quatrocentos quatrocentas": 400, "quinhentos quinhentas": 500,
            "seiscentos seiscentas": 600, "setecentos setecentas": 700, "oitocentos oitocentas": 800, "novecentos novecentas": 900,
            "terceiro terceira": 3, "quinto": 5, "sexto": 6, "setimo setima": 7, "oitavo oitava": 8, "nono nona": 9, "decimo decima": 10,
        },
    ),
    powers=_listed({"cem cento": 100, "mil": 1000, "milhao milhoes": 10**6, "bilhao bilhoes": 10**9}),
    joints=frozenset({"e"}),
    ors=frozenset({"ou"}),
    vague=_listed({"meio meia": "0.5", "terço terços": 3, "dezena": 10, "centena": 100, "segundo segunda ambos": 2, "primeiro primeira": 1, "quarto quarta": 4, "quinta": 5, "sexta": 6, "terca": 3}),
    before_hour=frozenset({"horas"}),
    point=frozenset({"virgula", "ponto"}),
    idioms=(r"mil vezes obrigad[oa]", r"aos quatro ventos", r"quatro paredes"),
    rewritten=((r"\b(?:horas? )?e meia\b(?! duzia)", f" {AND_HALF} "),),
    decimal_comma=True,
)  # fmt: skip
NUMERALS: Final[Mapping[str, Numerals]] = {"hi": HINDI, "en": ENGLISH, "fr": FRENCH, "es": SPANISH, "pt": PORTUGUESE}
OTHERS: Final = Numerals(simple={}, powers={})
DECIMAL_COMMA: Final = _words(
    "af be bg bs ca cs da de el et eu fi fr gl hr hu hy id is it lt lv mk nl nn no pl pt ro ru sk sl sq sr sv tr uk vi es"
)
