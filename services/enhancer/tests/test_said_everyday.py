"""Words that are names of the cast as well, in everyday talk: a right draft keeps the word, and who bears the name keeps it."""

import pytest

from setu_common.contracts import Character
from setu_enhancer.domain.given import SURELY_A_WORD, use_of
from testbed.mending import put_right


@pytest.mark.parametrize(
    ("name", "word", "source", "draft"),
    [
        ("Muskan", "मुस्कान", "तुम्हारी मुस्कान कितनी अच्छी है।", "You have such a nice smile."),
        ("Santosh", "संतोष", "हमें इस नतीजे से संतोष है।", "We're satisfied with the result."),
        ("Sona", "सोना", "मुझे बस सोना है।", "I just need to sleep."),
        ("Mangal", "मंगल", "ईश्वर सबका मंगल करें।", "God bless you all."),
        ("Jeevan", "जीवन", "यही जीवन है।", "That's life."),
        ("Tara", "तारा", "वो टूटता तारा था।", "That was a shooting star."),
        ("Anubhav", "अनुभव", "उसे खेती का अनुभव है।", "He has experience of farming."),
        ("Shraddha", "श्रद्धा", "सब उन्हें श्रद्धा से याद करते हैं।", "Everyone remembers him with reverence."),
        ("Amar", "अमर", "तुम्हारा नाम अमर रहेगा।", "Your name will live on."),
        ("Daya", "दया", "दया नाम की चीज़ नहीं है तुममें?", "Don't you have any mercy at all?"),
        ("Pooja", "पूजा", "सुबह हमने पूजा की थी।", "We said our prayers in the morning."),
    ],
)
def test_a_word_in_everyday_talk_stays_though_somebody_of_the_cast_is_called_so(name, word, source, draft):
    assert put_right(source, draft, [Character(name=name, source=word)]) == draft


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("मुस्कान", "उसकी बेटी मुस्कान बहुत प्यारी है।"),
        ("संतोष", "संतोष कर रहा है सारा काम।"),
        ("सोना", "सोना से मिलना चाहता हूँ।"),
        ("मंगल", "सबका चहेता मंगल आ गया।"),
        ("जीवन", "जीवन का सबसे अच्छा दोस्त कौन है?"),
        ("अनुभव", "दस साल का लड़का अनुभव खो गया है।"),
        ("अमर", "हमेशा के लिए अमर चला गया।"),
        ("श्रद्धा", "मेरी बड़ी बहन श्रद्धा आई है।"),
        ("पूजा", "पूजा घर पर नहीं है।"),
        ("पूजा", "पूजा के बाद मेरी बारी है।"),
        ("सागर", "दया का भाई सागर आया है।"),
        ("पूजा", "पूजा की माँ बीमार है।"),
        ("दया", "दया नाम की लड़की आई।"),
        ("अमर", "मेरा नाम अमर है।"),
    ],
)
def test_near_to_what_goes_with_the_word_who_bears_the_name_keeps_it(word, text):
    assert use_of(word, text) > SURELY_A_WORD
