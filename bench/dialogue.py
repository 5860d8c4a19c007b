"""A dialogue of ten lines, films made of it, and what models answer who are asked for edits."""

import itertools
import json

from setu_common.contracts import Character, Context, Reason
from setu_common.testing import Asked
from setu_enhancer.domain.lines import Line, Pair
from setu_enhancer.domain.prompting import answer_of

SCENE_LINES = 25
LEAVES_OUT = 5  # one answer in so many leaves a line out
PAIR = Pair("hi", "en")
CONTEXT = Context(title="Setu", characters=(Character(name="Raj", source="राज"), Character(name="Asha", source="आशा")))
# What is said, its literal draft, and how one would say it.
DIALOGUE = (
    ("राज, तुम कहाँ थे?", "King, where were you?", "Raj, where were you?"),
    ("मैं आशा के घर पर था।", "I was at hope's house.", "I was at Asha's house."),
    ("अरे बाप रे, इतनी रात को?", "Oh father, this late at night?", "Good grief, this late at night?"),
    ("मेरे पास 500 रुपये नहीं थे।", "With me 500 rupees were not there.", "I didn't have 500 rupees."),
    ("तो फिर टैक्सी कैसे ली?", "So then how did you take a taxi?", "So how did you take a taxi?"),
    ("राज ने कभी झूठ नहीं बोला।", "King has never spoken a lie.", "Raj has never told a lie."),
    ("टेंशन मत लो, मैं हूँ ना।", "Do not take tension, I am no.", "Don't worry, I'm here."),
    ("हम 7 बजे निकलेंगे।", "We will exit at 7 o'clock.", "We leave at 7 o'clock."),
    ("उसकी तो नाक कट गई।", "His nose was cut.", "He was humiliated."),
    ("आशा कल दिल्ली जा रही है।", "Hope is going to Delhi tomorrow.", "Asha is going to Delhi tomorrow."),
)
ASKED = (Reason(kind="asked"),)
EDITS = {draft: edit for _, draft, edit in DIALOGUE}


def film(count: int, first: int = 0) -> tuple[Line, ...]:
    """Lines in scenes, each three seconds long and with a number of its own, so that nothing is known of it from others."""
    lines, at_s = [], 0.0
    for index, (source, draft, _) in zip(range(first, first + count), itertools.cycle(DIALOGUE), strict=False):
        at_s += 10.0 if index % SCENE_LINES == 0 else 0.5
        end = f" {index + 1000}."
        lines.append(Line(index, at_s, at_s + 3.0, source + end, draft + end, confidence=0.5, speaker="AB"[index % 2]))
        at_s += 3.0
    return tuple(lines)


def say(asked: Asked) -> str:
    """Edits that a good model makes."""
    user = asked.messages[-1][1]
    document = json.loads(user[user.index("\n") + 1 : user.rindex("\nAnswer with JSON only")].rsplit("\n", 1)[0])
    return answer_of({line[0]: edited_as(line[3]) for line in document["lines"] if isinstance(line[0], int)})


def sloppy(asked: Asked) -> str:
    """The same, but one answer in five leaves a line out; and who is in a text, where that is asked."""
    user = asked.messages[-1][1]
    if user.startswith('{"lines":{'):
        lines = json.loads(user)["lines"]
        return json.dumps({"names": [f"राज|Raj|m|{','.join(number for number, said in lines.items() if 'राज' in said)}"]})
    told = json.loads(say(asked))
    if asked.number % LEAVES_OUT == LEAVES_OUT - 1 and len(told["lines"]) > 2:
        del told["lines"][1]
    return json.dumps(told, ensure_ascii=False)


def edited_as(draft: str) -> str:
    words, _, number = draft.rpartition(" ")
    return f"{EDITS[words]} {number}"
