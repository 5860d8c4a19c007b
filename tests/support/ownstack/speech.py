"""Real speech in one recording that takes seconds to transcribe."""

import wave
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

PAUSE_S = 0.6
LANGUAGES = ("fr", "pt", "es", "it")  # 38 s, no clip twice
GREETING_S = 1.6  # of the French sample: its first three words, and a moment of silence


def catalogue() -> Catalogue:
    """The models' usual folder, so that they are downloaded once."""
    return Catalogue.load(ModelSettings(offline=False, folder=ModelSettings.model_fields["folder"].default))


def recording(into: Path, languages: Sequence[str] = LANGUAGES, *, of: str = "", each_s: float = 60.0) -> Path:
    """The speech samples of some languages, one after the other.

    Args:
        into: the folder that it is written to.
        languages: in this order.
        of: whose it is; recordings of different owners differ in a sample that nobody hears.
        each_s: what is taken of each at most, from its beginning.
    """
    path = into / f"{'-'.join(languages)}.wav"
    with wave.open(str(path), "wb") as joined:
        for number, language in enumerate(languages):
            with wave.open(str(catalogue().sample(language))) as sample:
                if number == 0:
                    joined.setparams(sample.getparams())
                pause = bytes(int(PAUSE_S * sample.getframerate()) * sample.getsampwidth())
                joined.writeframes(sample.readframes(min(sample.getnframes(), int(each_s * sample.getframerate()))) + pause)
        joined.writeframes(b"".join(bytes([byte % 8, 0]) for byte in sha256(of.encode()).digest()))
    return path
