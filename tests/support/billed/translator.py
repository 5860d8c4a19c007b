"""What a provider's instruct model says that translates dialogue: lines of about the right length, in the right language and form."""

import json
from itertools import cycle, islice

from setu_common.testing.dialects import Asked, Reply

TEXTS = {
    "English": "we went down to the old market before it rained and bought bread, cheese and a little wine for everyone who had waited so "
    "long at home that evening while nobody knew where their father was or when he might come back from work",
    "Hindi": "हम बारिश से पहले पुराने बाज़ार गए और सबके लिए रोटी, पनीर और थोड़ी मिठाई ख़रीदी जो उस शाम इतनी देर तक घर पर बैठे थे जब किसी को पता "
    "नहीं था कि उनके पिता कहाँ हैं या काम से कब लौटेंगे",
    "Polish": "poszliśmy na stary rynek zanim zaczęło padać i kupiliśmy chleb, ser oraz trochę wina dla wszystkich którzy czekali tak długo w "
    "domu tamtego wieczoru gdy nikt nie wiedział gdzie jest ich ojciec ani kiedy wróci z pracy",
}


class Translator:
    """Says so; to be a wire's ``say``.

    Args:
        thoughts: tokens that it thinks before each answer.
    """

    def __init__(self, thoughts: int = 0) -> None:
        self._thoughts = thoughts

    def __call__(self, asked: Asked) -> Reply:
        """The answer."""
        into = next(name for name in TEXTS if f"into {name}," in asked.messages[0][1])
        words = TEXTS[into].split()
        lines = json.loads(asked.messages[-1][1])["lines"]
        said = [
            {
                "id": line["id"],
                "text": " ".join(islice(cycle(words), place % len(words), place % len(words) + len(line["text"].split()))),
            }
            for place, line in enumerate(lines)
        ]
        return Reply(json.dumps({"lines": said}, ensure_ascii=False), self._thoughts)
