"""Ways of denying that a count of negating words does not see, by language. Written by hand for this project."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# A "no" that answers, before what is said.
ANSWER: Final = {
    "hi": re.compile(r"^\W*(?:(?:जी )?(?:कोई बात नहीं|कोई बात नही|क्यों नहीं|क्यूँ नहीं|नहीं|नही|ना|न)|(?:ji )?(?:koi baat nahin?|ky[ou]n nahin?|nahin|nahi|nai|na))(?:[\s,]+(?:जी|नहीं|नही|ना|ji|nahin|nahi))*\s*[,।.!–—-]+\s*"),
    "en": re.compile(r"^\W*(?:no|nope|nah)(?:[\s,]+(?:no|sir|ma'am|way|thanks))*\s*[,.!–—-]+\s*"),
    "fr": re.compile(r"^\W*(?:mais |ah |oh )?non(?:[\s,]+(?:non|monsieur|madame))*\s*[,.!–—-]+\s*"),
    "es": re.compile(r"^\W*no(?:[\s,]+no)*\s*[,.!–—-]+\s*"),
    "pt": re.compile(r"^\W*n[ãa]o(?:[\s,]+n[ãa]o)*\s*[,.!–—-]+\s*"),
}  # fmt: skip

# Phrases whose negation may stand for none, or for which another language may have none.
LOOSE: Final = {
    "en": re.compile(
        r"\boh,? no\b|\bno (?:problem|worries|way|kidding|idea|need|big deal|harm done|more|longer|one knows|less than)\b|\bnever mind\b"
        r"|\bdon't (?:worry|mind|bother|mention it|be (?:scared|afraid|sad|silly))\b|\bcan't (?:wait|believe|stand|thank)\b|\bwhy not\b"
        r"|\bnot (?:at all|bad|just|to mention|yet)\b|\bdon't you (?:know|see|think|get|understand|remember|dare)\b|\bif it (?:isn't|weren't)\b"
        r"|\b(?:nothing|nobody|no one|never|nowhere|there's no \w+)\b[^.!?,;]*(?:n't|\bnot\b|\bwithout\b)"
        r"|\bwouldn't miss\b|\bno (?:stranger|secret|fool|denying|shortage|lack|end of|doubting)\b|,\s*(?:i|you|he|she|it|we|they) (?:do|does|did|is|are|was|were|have|has|had|will|would|can|could|wo|ca)(?:n't| not)\s*[.!]?\s*$"
        r"|\bwithout (?:a )?(?:doubt|fail)\b|\bnothing (?:but|else than)\b|\bisn't that (?:so|right)\b"
        r"|(?:^|[.!?,;] ?)(?:(?:but|and|so|hey|well|oh),? )?(?:do|does|did|is|are|was|were|have|has|ca|wo|would|could|should)n't (?:i|you|he|she|it|we|they)\b[^.!?]*\?"
    ),
    "hi": re.compile(
        r"है न(?:ा)?\s*[?,।]|नहीं तो(?![\u0900-\u0963])|वरना|जब तक|(?:^|\s)न(?:ा)?\s*[?।!,]?\s*$|कहीं .* न(?![\u0900-\u0963])|न सिर्फ|न केवल|"
        r"(?:है|हो|हैं|था|थी|थे|गा|गी|गे|ओ|ो) नहीं(?: क्या)?\s*\?|,\s*नहीं\s*\?|^\W*क्यों नहीं|hai na\b|jab tak|\bna\s*[?!.,]?\s*$|, nahi\s*\?"
    ),
}  # fmt: skip

# Words that deny in themselves. One that stands in the draft, too, is what is denied: "I don't hate you" is not "I hate you".
SILENT: Final = {
    "en": re.compile(
        r"\b(?:without|stop|quit|refus\w+|fail(?:s|ed)?|hardly|barely|scarcely|rarely|seldom|impossible|unable|unless|lacks?|den(?:y|ied|ies)|avoid\w*"
        r"|hate[sd]?|dislike[sd]?|im(?:patient|polite|mature|moral)|in(?:sane|visible|complete|correct|decent|dependent)|dis(?:agree|honest|respect|obey)\w*"
        r"|un(?:happy|fair|well|kind|true|safe|lucky|known|likely|aware|sure|real|wanted|welcome|married|grateful|believable|necessary|clear|important))\b"
        r"|\b(?!(?:un|neverthe|nonethe|regard|bless|count|time|price|tire|doubt|end|flaw|spot|sense|reck|ruth)less)\w{3,}less\b|\bout of\b"
    ),
    "fr": re.compile(r"\b(?:sans|cesse[sz]?|arr[êe]te[sz]?|refus\w+|impossible|incapable|[ée]vite\w*|d[ée]teste\w*|m[ée]content\w*|faux|fausse)\b"),
    "es": re.compile(r"\b(?:sin|deja|dejad|dejen|basta|nieg\w+|imposible|incapaz|evita\w*|odi\w+|fals[oa])\b"),
    "pt": re.compile(r"\b(?:sem|para|pare|deixa|chega|nega\w*|imposs[íi]vel|incapaz|evita\w*|odei\w+|fals[oa])\b"),
}  # fmt: skip


WITHOUT: Final = {
    "hi": re.compile(r"बिना|बग़ैर|बगैर|\b(?:bina|bagair)\b"),
    "en": re.compile(r"\bwithout\b"),
    "fr": re.compile(r"\bsans\b"),
    "es": re.compile(r"\bsin\b"),
    "pt": re.compile(r"\bsem\b"),
}


@dataclass(frozen=True)
class Cue:
    """Words of a line that deny without saying so, and how they come out in English."""

    said: re.Pattern[str]
    told: re.Pattern[str]


Cues = Mapping[str, tuple[Cue, ...]]


def _cues(*pairs: tuple[str, str]) -> tuple[Cue, ...]:
    return tuple(Cue(re.compile(said), re.compile(told)) for said, told in pairs)


# What is surely denied in the line, and how it may come out in English with no negation.
UNSAID: Final = {
    "hi": _cues(
        (r"नहीं तो(?![\u0900-\u0963])|वरना|nahi to\b|warna", r"\b(?:or|else|otherwise)\b"),
        (r"जब तक|jab tak", r"\b(?:until|till|unless|before|while)\b"),
        (r"कोई बात|koi baat", r"okay|\bok\b|all right|alright|fine|welcome|relax|forget|cool"),
        (r"क्यों नहीं|क्यूँ नहीं|ky(?:u|o)n nahi", r"of course|\bsure|certainly|absolutely|definitely|gladly|yes"),
        (r"पता|मालूम|जान|pata|maloom|jaan", r"(?:who|god|heaven|lord) (?:only )?knows[^.!?]*|beats me|wonder|clueless|search me|stranger"),
        (r"ठीक|अच्छ|सही|theek|accha|sahi", r"\b(?:sick|ill|bad|wrong|off|upset|awful|terrible|under the weather)\b"),
        (r"(?:^|\s)(?:मत|न|ना|mat|na)(?=[\s।!?.,]|$)", r"\b(?:quiet|shut (?:up|it|your)|hush|silence|relax|calm|easy|cheer|keep|stay|leave|hold|hands off|wait|enough|forget|let (?:it|that|this|go|bygones|sleeping|\w+ (?:go|be|alone|rest))|spare|dare|beware|watch|save|skip|drop|cut|hurry|careful|get off|back off|go away|be a man|be brave|grow up|pull yourself|snap out|come on)\b"),
        (r"फ़िक्र|फिक्र|चिंता|चिन्ता|घबरा|डर|टेंशन|fikar|chinta|tension|ghabra|dar", r"relax|calm|cheer|easy|okay|all right|brave|trust me|chin up|safe"),
        (r"सिवा|अलावा|siva|alawa", r"[^.!?]*\b(?:only|just)\b[^.!?]*|\b(?:but|except|all)\b"),
        (r"कम नहीं|कम नही|kam nahi", r"\b(?:at least|as much as|every bit|good|easily|no fewer|or more)\b"),
        (r"बता|कह|bata|keh", r"\b(?:left out|leave out|leaves out|omitted|kept (?:from|quiet|back)|kept it|hid|secret|skipped|missed)\b"),
        (r"मज़ाक|मजाक|mazaak|mazak", r"\b(?:you're|you are|you must be|stop|quit|are you) (?:joking|kidding)\b"),
        (r"पैस|paisa|paise|(?:^|\s)नहीं,", r"\bforget (?:the|about|it|money)\b[^.!?,]*"),
        (r"हट|hat", r"\b(?:keep|stay|stick|hold|watch)"),
        (r"बाद|पहले|baad|pehle", r"\b(?:until|till|only after|wait)\b"),
        (r"बचा|बची|बचे|bacha|bachi", r"\b(?:out of|gone|finished|over|empty|all)\b"),
        (r"टल|रुक|ruk|tal", r"\b(?:keep|go on|come what may|must|inevitable)\b"),
        (r"इतन|itna|itni", r"\btoo\b"),
        (r"रहा|रहे|रही|raha|rahe|rahi", r"\b(?:dead|died|gone|passed|late|left us|lost|over|stopped|used to|broke up|no more|grown(?: up)?)\b"),
        (r"पसंद|pasand", r"\b(?:hate|dislike|can't stand)"),
        (r"नींद|सो|neend|so", r"awake|sleepless|insomnia|up all night|toss"),
        (r"परवाह|फ़र्क|फर्क|फ़र्क़|parwah|farak|farq", r"who cares|whatever|all the same|so what|care less"),
        (r"कुछ|kuch", r"forget it|never mind|too late|\b(?:fine|okay|ok|all right|alright|safe)\b"),
        (r"कोई|koi", r"\b(?:(?<!leave )(?<!him )(?<!her )(?<!me )(?<!them )alone|lonely|deserted|on (?:my|your|his|her|our|their) own)\b"),
        (r"कुछ (?:भी )?नहीं\s*[,।.!]|kuch nahi\s*[,.!]", r"\b(?:just|only|that's (?:it|all))\b"),
        (r"वक़्त|वक्त|समय|टाइम|फ़ुर्सत|waqt|time", r"\b(?:pressed|short|running out|run out|out) (?:of|for|on)\b[^.!?,]*|\bbusy\b"),
        (r"(?:है|था|थी|थे) ही नहीं|hai hi nahi", r"\b(?:gone|missing|lost)\b"),
        (r"मना|इनकार|इंकार|mana|inkaar", r"\b(?:glad(?:ly)?|happy to|of course|sure|yes|agree[ds]?|accept(?:s|ed)?|allowed)\b"),
        (r"(?:बिना|बग़ैर|बगैर|bina|bagair)[^।.!?,]* (?:नहीं|नही|मत|nahi|mat)", r"\b(?:before|until|unless)\b[^.!?,]*|\b(?:only|first|need(?:s|ed)?|must|ha(?:ve|s|d) to|requires?)\b"),
        (r"(?<![\u0900-\u0963])(?:कहाँ|कहां|कौन|किसे|किसने|किसको|क्या-क्या|कब)(?![\u0900-\u0963])[^।?!]*(?:नहीं|नही)|\b(?:kahan|kaun|kise|kisne)\b[^?!]*nahi", r"[^.!?]*\b(?:every\w+|always|all over)\b[^.!?]*"),
        (r"मिल|दिख|नज़र|नजर|mil|dikh|nazar", r"\b(?:missing|gone|lost|disappeared|vanished|out of sight|alone)\b"),
        (r"याद|yaad", r"forg[eo]t\w*|slipped|blank"),
        (r"बोल|बात|कह|bol|baat|keh", r"quiet|shut|silence|hush|mum|silent|speechless"),
        (r"बर्दाश्त|सह|bardasht|seh", r"enough|had it|fed up|sick of|last straw|limit"),
        (r"देर|der", r"hurry|soon|quick|overnight|in no time|in a flash|before you know|in an instant|\bnow\b|right away|at once|on time"),
        (r"झूठ|jhoo?t", r"truth|honest|straight|come clean"),
        (r"हार|haar", r"keep (?:going|fighting|trying)|hang in|stay strong|fight on"),
        (r"बकवास|मज़ाक|मजाक|नाटक|नखर|bakwas|mazaak|natak", r"serious|cut|enough|come on|spare"),
        (r"शक|संदेह|shak", r"\b(?:sure|certain|certainly|clearly|surely|undoubtedly|no doubt|doubtless)\b"),
        (r"काम|kaam", r"broken|useless|jobless|out of order|dead"),
        (r"मुमकिन|संभव|हो सकता|mumkin", r"impossible|as if|in your dreams"),
        (r"अकेल|akel", r"together|with you|by your side"),
        (r"आता|आती|aata|aati", r"\b(?:stranger to|new to|clueless|bad at)\b"),
        (r"पैस|दान|कौड़ी|paisa|paise", r"\b(?:broke|penniless|skint|poor)\b"),
        (r"आज तक|कभी|पहले|इतन|ऐस|जैस|aaj tak|kabhi|itn[aie]", r"\b(?:best|worst|most|least|first time|\w+est)\b[^.!?]*\b(?:ever|yet|so far|in my life|all my life|seen|had)\b|\bfirst time\b"),
        (r"से (?:ज़्यादा|ज्यादा|अधिक|ऊपर)|se zyada", r"\bat (?:most|the most|best)\b|\b(?:max|maximum|tops|only|just|up to|under|less than|within|limit)\b"),
        (r"नहीं|nahi", r"\b(?:rather|sooner)\b[^.!?]*\bthan\b|\b(?:die|starve|rot|drown)\b[^.!?]*\bbefore\b|\b(?:gave|give[sn]?|giving) up\b|\bdrop(?:s|ped|ping)? out\b"),
        (r"लगत[ािीे]|सोचत[ािीे]|मानत[ािीे]|lagta|lagti", r"\b(?:doubt(?:s|ed|ful)?|unlikely)\b"),
        (r"कहीं[^।.!?]* तो (?:नहीं|न)(?![\u0900-\u0963])|kahin[^.!?]* to(?:h)? nahi", r"\bwhat if\b|\b(?:maybe|perhaps|might|could|afraid|worried|fears?)\b|^(?:is|are|was|were|did|do|does|has|have|had|could) [^.!]*\?"),
        (r"थोड़[ािेी] ?(?:ही|न|ना)(?![\u0900-\u0963])|\bthod[aei] ?(?:hi|na)\b", r"\bhow (?:was|were|would|could|should|am|is|are|do|did|can) [^.!]*\?|\bas if\b|\bsince when\b|\bdo i look\b"),
        (r"भरोस|ठिकान|तय|पक्क|bharos", r"\bwho knows\b|\banything (?:can|could|may)|\bcould be any|\buncertain|\bany (?:time|moment|day)"),
    ),
}  # fmt: skip

# What is not said to be denied in the line, and how it may be denied in English.
_ANY: Final = r"n't\b|\b(?:no|not|never|nothing|nobody|nowhere|none|cannot|without)\b"
CUES: Final = {
    "hi": _cues(
        (r"छोड़|छोड|जाने दो|रहने दो|chhod|chod", r"never mind|don't (?:bother|worry)|no (?:matter|need)|not worth"),
        (r"चुप|खामोश|ख़ामोश|chup", r"(?:don't|not|no) (?:say|talk|speak|talking|another|a word|one word|more)"),
        (r"रुक|ठहर|ruk|theher", r"don't (?:go|move|leave|you go|run)|not so fast"),
        (r"क्या पता|कौन जान|खुदा जान|भगवान जान|kya pata|kaun jaan", _ANY),
        (r"बेकार|फ़िज़ूल|फालतू|फ़ालतू|bekaar|bekar", r"no (?:use|good|point)|not worth|nothing|pointless"),
        (r"के सिवा|ke siva", _ANY),
        (r"मना (?:कर|कि|है|हैं|था|हो)|मना$|इनकार|इंकार|inkaar|inkar|mana kar", _ANY),
        (r"मुश्किल|कठिन|नामुमकिन|असंभव|mushkil|namumkin", r"(?:isn't|not|wasn't|won't be|can't) (?:be )?(?:easy|simple|possible|do)?"),
        (r"झूठ|jhooth|jhoot", r"(?:isn't|not|wasn't) (?:true|real)|don't lie|not telling|no truth|didn't tell the truth"),
        (r"ग़लत|गलत|galat", r"(?:isn't|not|wasn't|aren't|ain't) (?:right|fair|correct|true|good)"),
        (r"भूल|bhool|bhul", r"(?:don't|can't|didn't|doesn't) remember|never mind|don't (?:(?:even|ever) )?think (?:about|of)"),
        (r"दूर|door", r"don't (?:come|touch|go|get)|not (?:close|near)"),
        (r"सावधान|ख़बरदार|खबरदार|ध्यान|संभल|सँभल|khabardar", r"don't (?:you|fall|slip|forget|lose|let|drop|get)"),
        (r"फ़िक्र|फिक्र|चिंता|चिन्ता|घबरा|डर|टेंशन|बेफ़िक्र|fikar|fikr|chinta|tension|ghabra", r"don't (?:worry|be|panic)|no (?:worries|need|problem)"),
        (r"ज़रूर|जरूर|बिल्कुल|बेशक|zaroor|bilkul|beshak|kyun nahi", r"no (?:doubt|problem)|why not|without (?:a )?doubt|absolutely|not at all"),
        (r"क्या (?:फ़र्क|फर्क|फ़र्क़|गलती|ग़लती|कसूर|क़सूर|फ़ायदा|फायदा|ज़रूरत|जरूरत|मतलब|लेना|हर्ज)|ऐसे कैसे|कैसे (?:हो|जा|दे|छोड़)|kya (?:galti|fayda|zaroorat)", _ANY),
        (r"वैस[ाेी] ही|वही|vais[aei] hi", r"n't changed?|not (?:a day|any) (?:older|different)|no different|nothing(?:'s| has)? changed"),
        (r"सच|वाक़ई|क्या बात|क्या कह|sach|kya baat", r"no (?:way|kidding)|can't be|don't (?:tell me|say)|not (?:really|kidding)"),
        (r"थोड़[ीे] (?:ही|न|ना|है)|थोड़[ीे] ही|thod[ie] (?:hi|na|hai)", _ANY),
        (r"कम |कम$|\bkam\b", r"not (?:much|many|enough|a lot|very)"),
        (r"^(?!.*(?:कि |(?<!किसने )(?<!कौन )(?:पूछ|बता)|जान(?!ा|े|ी)|पता|मालूम|puchh|bata|jaan(?!a|e|i))).*(?:कहाँ|कहां|कौन|कैसे|ही कब |किस(?:े|ने|को|से|का|की|के|में)(?![\u0900-\u0963])|kahan|kaun|kaise|\bkis(?:e|ne|ko|se)\b)", rf"^[^?]*(?:{_ANY})[^?]*$"),
        (r"^(?!.*\?).*(?:कब (?!से|का|की|के|तक)|\bkab (?!se|tak|ka))|कब (?:कहा|बोला|किया|माँगा|मांगा|बताया)|\bkab (?:kaha|bola|kiya)", rf"^[^?]*(?:{_ANY})[^?]*$"),
        (r"(?:आख़िरी|आखिरी|अंतिम|लास्ट) (?:बार|दफ़ा|दफा)|aakhri baar", r"(?:n't|never|not|no) [^.!?]*\b(?:again|any ?more|more|another|next time|twice)\b"),
        (r"ख़ाक|खाक|khaak", _ANY),
        (r"चुप|ख़ामोश|खामोश|chup", r"n't (?:\w+ )?(?:say|talk|speak)\w*"),
        (r"से (?:ख़ाली|खाली) नहीं|se khaali nahi", r"\bnot without\b|\bno shortage\b|\bnot free\b"),
        (r"(?:क्यों|क्यूँ) (?:[^\s।,?]+ )?[^\s।,?]+(?:ूँ|ूं|ऊँ|ऊं)(?![\u0900-\u0963])", _ANY),
        (r"कमी|kami", r"(?:n't|not|no) [^.!?]*\b(?:enough|sufficient)\b"),
        (r"मजबूर|लाचार|majboor", r"no (?:choice|option|way)|can't help|n't (?:have|got) (?:a |any |much )?(?:choice|option)"),
        (r"पहली (?:बार|दफ़ा|दफा|मर्तबा)|pehli baar", r"(?:never|n't|not|no one|nobody) [^.!?]*\b(?:before|until|till)\b"),
        (r"काश|kaash", r"wish [^.!?]*(?:n't|not|never)"),
        (r"बस|bas\b", r"no more|not another|no need|that's not|nothing (?:else|more)|not yet"),
        (r"सिर्फ़|सिर्फ|केवल|ही |sirf|keval", r"nothing (?:else|but|more)|no one else|nobody (?:else|but)|not (?:just )?any|no more"),
        (r"अलग|और थी|और था|और बात|दूसरी बात|alag", r"not the same|isn't the same|wasn't (?:like|the same)"),
        (r"अभी .*(?:बाक़ी|बाकी)|अधूर|abhi .*baaki|adhoor", r"not (?:yet|over|done|finished)|isn't (?:over|done|finished)|haven't"),
        (r"बाक़ी|बाकी|baaki", r"n't (?:\w+ ){0,3}(?:yet|done|finished|over|ready)|not (?:\w+ )?(?:yet|done|finished|over|ready)|still (?:no|have)"),
        (r"रोक|rok", r"don't (?:let|go)|not let|mustn't|can't (?:let|go)"),
        (r"करवट|karwat|जाग|jaag", r"n't (?:\w+ ){0,2}sleep|not (?:\w+ )?sleep|no sleep|sleepless"),
        (r"ज़िद|जिद|ज़िद्द|zid", r"don't be (?:so )?(?:stubborn|difficult|silly|childish|obstinate)"),
        (r"गायब|ग़ायब|लापता|gayab|laapata", rf"seen|find|found|there|trace|{_ANY}"),
        (r"रहने दो|रहने दे|रहने दीजिए|rehne d", r"n't (?:bother|worry|have to|need to)|no need|never mind|not now"),
        (r"बच |बच गए|बचकर|bach", r"didn't (?:die|get hurt)|nothing happened"),
        (r"ज़िंदा|जिंदा|जीवित|zinda", r"not dead|isn't dead|didn't die"),
        (r"मज़ाक|मजाक|mazaak|mazak", r"not serious|can't be serious|don't mean|didn't mean"),
        (r"काफ़ी|काफी|kaafi", r"no more|not (?:bad|half)"),
        (r"आसान|aasaan", r"(?:not|isn't|wasn't|no) (?:hard|difficult|big deal|problem)|no trouble"),
        (r"ख़ाली|खाली|सूना|अकेल|khaali|khali|akel", r"nobody|no one|nothing|none"),
        (r"शुक्रिया|धन्यवाद|shukriya|dhanyavad", r"don't mention|no problem|not at all"),
        (r"हार|haar", r"didn't win|don't give up|can't win"),
        (r"बर्दाश्त|सह|bardaasht", r"can't (?:stand|bear|take)|won't"),
        (r"हमेशा|सदा|hamesha", r"never (?:leave|stop|fail|forget)|won't ever"),
        (r"बंद कर|band kar", r"don't (?:do|say|start|make|be|act)\b|no more"),
        (r"बस की|अक़्ल|अक्ल|होश|हिम्मत", r"n't (?:you )?(?:have|any|dare)|no (?:sense|brain)"),
        (r"यक़ीन|यकीन|विश्वास|yakeen|yakin", r"no doubt"),
        (r"इंतज़ार|इंतजार|intezaar|intezar", r"can't wait"),
        (r"ठीक|अच्छा|बढ़िया|theek|accha", r"not bad|no problem"),
        (r"दो-चार|एक-दो|जल्दी|jaldi", r"not (?:much )?(?:late|long)|no time|don't (?:be late|delay)"),
        (r"(?:किसे|किसको|किसका|किसकी|किसके|kise|kisko) .*\?", rf"^[^?]*(?:{_ANY})[^?]*$"),
        (r"कम |कम$|\bkam\b", r"(?:not|n't) (?:\w+ )?(?:as|so|that)\b"),
        (r"सबसे|से (?:बढ़|बड़|अच्छ|ज़्यादा|ज्यादा)|sabse", r"\b(?:nothing|no one|nobody|none)\b[^.!?]*\b(?:more|better|greater|bigger|like|above|than|as)\b"),
    ),
    "fr": _cues((r"\bmoins\b", r"(?:not|n't) (?:\w+ )?(?:as|so|that)\b")),
    "es": _cues((r"\bmenos\b", r"(?:not|n't) (?:\w+ )?(?:as|so|that)\b")),
    "pt": _cues((r"\bmenos\b", r"(?:not|n't) (?:\w+ )?(?:as|so|that)\b")),
}  # fmt: skip

# Answers at the beginning.
SAYS_YES: Final = {
    "hi": re.compile(r"^\W*(?:हाँ|हां|जी हाँ|जी हां|हां जी|हाँ जी|haan|ji haan|han)(?=[\s,।.!?]|$)"),
    "en": re.compile(r"^\W*(?:oh,? )?(?:yes|yeah|yep|yup)\b"),
    "fr": re.compile(r"^\W*(?:oui|ouais|si,)\b"),
    "es": re.compile(r"^\W*(?:sí|claro que sí)(?=[\s,.!]|$)"),
    "pt": re.compile(r"^\W*sim\b"),
}
SAYS_NO: Final = {
    "hi": re.compile(r"^\W*(?:अरे |जी )?(?:नहीं|नही|ना|nahin?|na)(?:[,\s]+(?:नहीं|जी|रे|यार|ji|re|yaar))*(?:\s+(?:तो|to)(?=\s*[।.!?]))?(?=\s*[,।.!?]|\s+[^\s,।.!?]+(?: जी)?\s*[,!]|$)"),
    "en": re.compile(r"^\W*(?:oh,? )?(?:no|nope|nah)(?:,? (?:no|nope))*(?: then(?=[.!?]))?(?=\s*[,.!?—-]|$)"),
    "fr": re.compile(r"^\W*(?:mais )?non\b(?=\s*[,.!]|$)"),
    "es": re.compile(r"^\W*no(?=\s*[,.!]|$)"),
    "pt": re.compile(r"^\W*não(?=\s*[,.!]|$)"),
}  # fmt: skip

# Words that nearly deny, and what says so in the line.
NEARLY: Final = {
    "en": re.compile(r"\b(?:hardly|barely|scarcely|rarely|seldom|almost never|no longer|unless)\b"),
    "fr": re.compile(r"\b(?:à peine|rarement|guère)\b"),
    "es": re.compile(r"\b(?:apenas|rara vez|raramente)\b"),
    "pt": re.compile(r"\b(?:mal|raramente|quase nunca)\b"),
}
NEARLY_SAID: Final = {
    "hi": re.compile(
        r"शायद ही|मुश्किल|कुछ ही|गिने-चुने|गिनती|(?<![\u0900-\u0963])कम(?![\u0900-\u0963])|ज़रा|जरा|थोड़|बिना|बग़ैर|बगैर|कभी-कभ|(?<![\u0900-\u0963])न(?:हीं|ही)?(?=[\s।,!?]|$)|mushkil|kam\b|shayad hi|zara|thod"
    ),
    "fr": re.compile(r"\b(?:à peine|rarement|guère|peu|presque|sans|ne|n'|pas|plus|sauf|moins)"),
    "es": re.compile(r"\b(?:apenas|casi|raro|rara|poco|sin|no|nunca|nadie|menos)\b"),
    "pt": re.compile(r"\b(?:mal|quase|raro|rara|raramente|pouco|sem|não|nunca|menos)\b"),
}
# What hardly is, and any restraint by which that may be said.
HARDLY: Final = {
    "hi": re.compile(r"शायद ही|मुश्किल से|बमुश्किल|ब मुश्किल|shayad hi|mushkil se"),
    "en": re.compile(
        r"\b(?:hardly|barely|scarcely|rarely|seldom|almost|nearly|just|only|few|little|difficult\w*|hard|tough|struggl\w*|trouble|strain\w*|effort|somehow|"
        r"narrow\w*|doubt\w*|unlikely|no|not|never|nobody|nothing|without|cannot|once in a|finally|at last|pains?|manag\w*|luck\w*)\b|n't\b"
    ),
}
# Who forbids or refuses, in the line, and how that may be said.
REFUSED: Final = {
    "hi": re.compile(r"(?:^|\s)(?:मना (?:कर|कि|है|हैं|था)|इनकार|इंकार)|\b(?:mana (?:kar|ki|hai)|inkaar|inkar)\b"),
    "en": re.compile(
        r"\b(?:forb[ia]\w+|refus\w+|declin\w+|reject\w+|den(?:y|ied|ies)|ban(?:s|ned)?|prohibit\w*|disallow\w*|against|object\w*|off[- ]limits|told \w+ off"
        r"|turn(?:s|ed|ing)? (?:[\w']+ ){0,3}down|say(?:s|ing)? no|said no|stop\w*|keep \w+ from|warned|illegal|protest\w*|complain\w*"
        r"|put (?:my|his|her|their) foot down|no|not|never|cannot)\b|n't\b"
    ),
}
DENIERS: Final = frozenset(
    "not never no nobody nothing none neither nor without cannot stop quit avoid refuse refuses refused fail fails failed hardly barely "  # noqa: SIM905
    "scarcely rarely seldom unless less instead unable nowhere than before ever".split()
)
"""English words behind which what is said is denied."""

OPPOSITES: Final = """
remember | forget
alive living live survive | dead die
open | close closed shut
true truth honest | lie liar false
alone lonely | company together
stay remain wait | go leave
live stay | moved left gone
enough plenty | lack short shortage scarce
hungry hunger appetite | full fed
possible can able | impossible
easy simple | hard difficult tough
guilty fault blame | innocent
joke joking kidding fun | serious seriously earnest mean
quiet silent silence | noise loud speak talk
hold keep grip | drop lose
worry fear afraid scared | relax calm brave
delay late | hurry quick soon early time
safe | danger dangerous risky
same alike | different differ
healthy well good | ill sick unwell bad
good nice right | bad wrong awful
clean | dirty filthy
present here | absent missing
agree accept allow | refuse decline reject forbid
like love enjoy | hate dislike detest
trust believe | doubt distrust mistrust
win | lose
surrender quit | fight persist
awake | asleep sleep
single unmarried bachelor | married marry
working work | broken idle jobless
near close | far
free | busy
rich | poor broke
old | young
new | old used
strong | weak
cheap | expensive costly
empty | full
fast quick rapid speed | slow slowly
tired exhausted weary | fine fresh rested
light lit burn burning bright | dark
known know famous | unknown stranger
always often | rarely seldom
success succeed pass | fail failure
hide hidden secret | tell open show
speaking talking | silent quiet
help | useless helpless
willing ready | reluctant unwilling
proud | ashamed
clear | unclear vague
normal ordinary | strange special
friend | enemy foe
human | animal beast
"""
"""Of a pair what isn't the one is the other, near enough for dialogue: English words side by side."""
