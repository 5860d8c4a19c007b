"""Translation models on this machine, computed by CTranslate2: found, loaded once, kept. The libraries come with the service's extras."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from setu_common.models import Catalogue, ModelMissing, UnknownModel
from setu_translate.errors import EngineMissing

LIBRARIES: Final = ("ctranslate2", "sentencepiece")
WEIGHTS: Final = "model.bin"
LONGEST_TOKENS: Final = 400  # of a sentence; models have learnt from shorter ones
GROWTH: Final = 3
SLACK_TOKENS: Final = 24

log = structlog.get_logger()


@dataclass(frozen=True)
class Prepared:
    """One sentence as a model wants it.

    Args:
        tokens: with the marks of its languages.
        prefix: what the model's answer is to begin with.
        read: makes text of the tokens that it answers, without the prefix.
    """

    tokens: Sequence[str]
    prefix: Sequence[str]
    read: Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Hypothesis:
    """What a model says.

    Args:
        text: of one sentence.
        logprob: the mean of its tokens' log-probabilities.
        length: how many tokens it has.
        cut_off: whether it was still talking when it had to stop.
    """

    text: str
    logprob: float
    length: int
    cut_off: bool


class Pieces(Protocol):
    """Makes tokens of sentences and sentences of tokens, for one model."""

    def prepare(self, sentence: str, source: str, target: str) -> Prepared:
        """Make a sentence ready; the languages are FLORES-200 codes."""


@dataclass(frozen=True)
class Computing:
    """How models are computed.

    Args:
        device: ``cpu``, ``cuda`` or ``auto``.
        compute_type: CTranslate2's, such as ``int8``; ``default`` is what the model is stored in.
        threads: of one model on a processor; 0 is CTranslate2's own choice.
        beam_size: 1 is greedy.
    """

    device: str = "auto"
    compute_type: str = "default"
    threads: int = 0
    beam_size: int = 4


class LoadedModel:
    """One model in memory. Threads may share it.

    Args:
        home: its folder.
        pieces: its vocabulary.
        computing: how it is computed.
    """

    def __init__(self, home: Path, pieces: Pieces, computing: Computing) -> None:
        import ctranslate2  # noqa: PLC0415  (an extra of this package, and slow to import)

        self._pieces = pieces
        self._beam_size = computing.beam_size
        # Any: the library ships no types
        self._translator: Any = ctranslate2.Translator(
            str(home), device=computing.device, compute_type=computing.compute_type, intra_threads=computing.threads
        )
        self.device = str(self._translator.device)

    def prepare(self, sentence: str, source: str, target: str) -> Prepared:
        """See ``Pieces``."""
        return self._pieces.prepare(sentence, source, target)

    def translate(self, batch: Sequence[Prepared], *, against_loops: bool) -> list[Hypothesis]:
        """Translate sentences of about the same length. Blocks.

        Args:
            batch: at least one.
            against_loops: forbid the model to repeat itself; it does that seldom, and what it says then is a little worse.
        """
        longest = GROWTH * max(len(each.tokens) for each in batch) + SLACK_TOKENS
        careful = {"no_repeat_ngram_size": 4, "repetition_penalty": 1.1} if against_loops else {}
        results = self._translator.translate_batch(
            [list(each.tokens) for each in batch],
            target_prefix=[list(each.prefix) for each in batch] if batch[0].prefix else None,
            beam_size=self._beam_size,
            max_decoding_length=longest,
            max_input_length=0,
            return_scores=True,
            disable_unk=True,
            **careful,
        )
        return [_hypothesis(each, result, longest) for each, result in zip(batch, results, strict=True)]


def _hypothesis(asked: Prepared, result: Any, longest: int) -> Hypothesis:  # noqa: ANN401  (Any: the library ships no types)
    tokens: list[str] = result.hypotheses[0]
    said = tokens[len(asked.prefix) :] if tokens[: len(asked.prefix)] == list(asked.prefix) else tokens
    # With a length penalty of 1, its default, a hypothesis' score is the mean of its tokens' log-probabilities, the end mark's included.
    # The prefix counts as tokens of probability 1, which it is not to do here.
    score = float(result.scores[0]) * (len(tokens) + 1) / (len(said) + 1)
    return Hypothesis(asked.read(said), score if math.isfinite(score) else -math.inf, len(said), cut_off=len(tokens) >= longest)


class LocalModels:
    """The models of this machine.

    Args:
        catalogue: what there is, and where.
        computing: how they are computed.
        has_library: whether a Python package is installed.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        computing: Computing,
        has_library: Callable[[str], bool] = lambda name: find_spec(name) is not None,
    ) -> None:
        self._catalogue = catalogue
        self._computing = computing
        self._has_library = has_library
        self._lock = threading.Lock()
        self._loaded: dict[str, LoadedModel] = {}

    def check(self, name: str, engine: str) -> None:
        """Know whether a model could be loaded. Quick.

        Args:
            name: a name of the catalogue, or the path of a folder.
            engine: whose extra has the libraries.

        Raises:
            EngineMissing, ModelMissing: what must be installed first, and how.
        """
        missing = [library for library in LIBRARIES if not self._has_library(library)]
        if missing:
            raise EngineMissing(
                f"The engine {engine} needs {' and '.join(missing)}. Install them beside this worker: pip install 'setu-translate[{engine}]'."
            )
        if _is_path(name):
            _weights_in(Path(name), name)
            return
        try:
            here = self._catalogue.has(name)
        except UnknownModel as error:
            raise EngineMissing(
                f"{error.detail}. A folder of your own is named by its path, with a slash in it.", model=name
            ) from error
        if not here:
            licence = self._catalogue[name].licence
            raise ModelMissing(
                f"{name} is not on this machine. Get it with `setu models pull {name}` (licence: {licence}).", model=name
            )

    def load(
        self, name: str, pieces: Callable[[Path], Pieces], engine: str, loaded: Callable[[float], None] = lambda _took_s: None
    ) -> LoadedModel:
        """A model, loaded if it is not yet. Blocks.

        Args:
            name: see ``check``.
            pieces: opens its vocabulary, in its folder.
            engine: see ``check``.
            loaded: told how long that took, seconds; 0 if it was in memory already.

        Raises:
            EngineMissing, ModelMissing: see ``check``; or what lies there can't be loaded.
        """
        with self._lock:
            began_s = time.monotonic()
            if name in self._loaded:
                loaded(0.0)
            else:
                self.check(name, engine)
                folder = Path(name).expanduser() if _is_path(name) else self._catalogue.ensure(name)
                home = _weights_in(folder, name).parent
                try:
                    self._loaded[name] = LoadedModel(home, pieces(home), self._computing)
                except (
                    RuntimeError,
                    ValueError,
                    OSError,
                ) as error:  # what the two libraries raise for files that are not theirs
                    raise EngineMissing(
                        f"{name} can't be loaded by the engine {engine} ({type(error).__name__}). Check it with `setu models verify`, "
                        "and that SETU_TRANSLATE_LOCAL_DEVICE and _COMPUTE_TYPE fit this machine.",
                        model=name,
                    ) from error
                took_s = time.monotonic() - began_s
                loaded(took_s)
                log.info("model.loaded", model=name, engine=engine, device=self._computing.device, duration_s=round(took_s, 3))
            return self._loaded[name]


def _is_path(name: str) -> bool:
    return "/" in name


def _weights_in(folder: Path, name: str) -> Path:
    """Repositories have the model in a folder of its own, or not."""
    found = sorted(folder.expanduser().rglob(WEIGHTS))
    if not found:
        raise ModelMissing(
            f"There is no {WEIGHTS} in {name}; a model as CTranslate2 has it lies in a folder with one.", model=name
        )
    return found[0]
