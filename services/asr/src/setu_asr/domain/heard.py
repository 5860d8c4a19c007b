"""What a recogniser heard, before it is put in order."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class HeardWord:
    """A word with its times in seconds. The text brings its own leading space, in scripts that have spaces."""

    start_s: float
    end_s: float
    text: str
    probability: float


@dataclass(frozen=True)
class Heard:
    """A stretch of text with its times in seconds and, where the recogniser could align them, its words."""

    start_s: float
    end_s: float
    text: str
    words: tuple[HeardWord, ...] = ()
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    transliterated: bool = False
    speaker: str | None = None

    def later(self, by_s: float) -> "Heard":
        """The same, ``by_s`` seconds later."""
        words = tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in self.words)
        return replace(self, start_s=self.start_s + by_s, end_s=self.end_s + by_s, words=words)
