"""How NLLB and IndicTrans2 are given sentences."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from setu_translate.domain import indic
from setu_translate.engines.decoding import Prepared

END: Final = "</s>"
NLLB_VOCABULARIES: Final = ("sentencepiece.bpe.model", "flores200_sacrebleu_tokenizer_spm.model")


class NllbPieces:
    """The language, the sentence's pieces and an end mark go in; the other language begins what comes out.

    Args:
        home: the model's folder, with its SentencePiece model.
    """

    def __init__(self, home: Path) -> None:
        self._vocabulary = _Vocabulary(next((home / name for name in NLLB_VOCABULARIES if (home / name).is_file()), home))

    def prepare(self, sentence: str, source: str, target: str) -> Prepared:
        """See ``Pieces``."""
        return Prepared((source, *self._vocabulary.pieces(sentence), END), (target,), self._vocabulary.text)


class IndicTrans2Pieces:
    """Both languages and the pieces of the sentence, made ready, go in; what comes out is written as its language is.

    Args:
        home: the model's folder, with two SentencePiece models, one for each side.
    """

    def __init__(self, home: Path) -> None:
        self._source = _Vocabulary(home / "vocab" / "model.SRC")
        self._target = _Vocabulary(home / "vocab" / "model.TGT")

    def prepare(self, sentence: str, source: str, target: str) -> Prepared:
        """See ``Pieces``."""
        ready = indic.prepared(sentence, source)

        def read(tokens: Sequence[str]) -> str:
            return indic.restored(self._target.text(tokens), target, ready.kept)

        return Prepared((source, target, *self._source.pieces(ready.text)), (), read)


class _Vocabulary:
    def __init__(self, path: Path) -> None:
        import sentencepiece  # noqa: PLC0415  (an extra of this package)

        self._processor = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def pieces(self, text: str) -> list[str]:
        return [str(piece) for piece in self._processor.encode(text, out_type=str)]

    def text(self, pieces: Sequence[str]) -> str:
        return str(self._processor.decode(list(pieces))).strip()
