"""The words and clauses of a text, in a form in which two spellings of the same word are equal. All services spell alike."""

from setu_common.spelling.words import SENTENCE_END, WORD, folded, folded_words, unaccented, words

__all__ = ["SENTENCE_END", "WORD", "folded", "folded_words", "unaccented", "words"]
