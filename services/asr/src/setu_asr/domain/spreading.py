"""Times of words that nobody told: laid over their text's time in proportion to their letters."""

from setu_asr.domain.heard import HeardWord

UNSPACED_CHARACTERS = 12  # a "word" longer than this has no spaces where others have them: each character is one


def spread(text: str, start_s: float, end_s: float, probability: float) -> tuple[HeardWord, ...]:
    """A text's words, each as long as its share of the characters.

    Args:
        text: what was said from ``start_s`` to ``end_s``.
        start_s: seconds.
        end_s: seconds.
        probability: of every word, 0..1.

    Returns:
        The words; joined they are the text, with single spaces.
    """
    pieces = [piece for word in text.split() for piece in _pieces(word)]
    whole = sum(len(piece) for piece in pieces)
    words, done = [], 0
    for piece in pieces:
        begins_s = start_s + (end_s - start_s) * done / whole
        done += len(piece)
        words.append(HeardWord(begins_s, start_s + (end_s - start_s) * done / whole, piece, probability))
    return tuple(words)


def _pieces(word: str) -> list[str]:
    if (
        len(word) <= UNSPACED_CHARACTERS
        or word.isascii()
        or not any("\u2e80" <= each <= "\uffef" or "\u0e00" <= each <= "\u0eff" for each in word)
    ):
        return [f" {word}"]
    return [f" {word[0]}", *word[1:]]
