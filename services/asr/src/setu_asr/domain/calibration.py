"""Ways to transcribe, and the machine on which they take as long as they do."""

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Final, get_args

from setu_common.contracts import Candidate, ComputeType

BEAMS: Final = (1, 5)
ONE_BY_ONE: Final = 1
KNOWN: Final[tuple[ComputeType, ...]] = get_args(ComputeType)


@dataclass(frozen=True)
class Machine:
    """All that a time depends on, beside the way itself.

    Args:
        processor: its name, as it calls itself.
        cores: that a worker may use.
        threads: of one recognition.
        device: "cpu" or "cuda".
        libraries: those that compute, each with its version.
    """

    processor: str
    cores: int
    threads: int
    device: str
    libraries: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """The same for the same machine with the same libraries."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:16]

    @property
    def said(self) -> str:
        """In a line."""
        return f"{self.processor}, {self.cores} cores, {self.threads} threads, {self.device}, {', '.join(self.libraries)}"


def ways(
    models: Iterable[str], *, batch_sizes: Iterable[int], compute_types: Iterable[str], beams: Iterable[int] = BEAMS
) -> list[Candidate]:
    """Each model in each way, those first that are the most likely to be wanted.

    Args:
        models: by their names, in the order in which they are wanted.
        batch_sizes: likewise.
        compute_types: likewise; what no plan can ask for is left out.
        beams: likewise.
    """
    kinds: list[ComputeType] = [known for each in dict.fromkeys(compute_types) for known in KNOWN if known == each]
    batches, widths = list(dict.fromkeys(batch_sizes)), list(dict.fromkeys(beams))
    names = list(models)
    return [
        Candidate(model=name, beam_size=beam, batch_size=batch, compute_type=kind)
        for kind in kinds
        for batch in batches
        for name in names
        for beam in widths
    ]
