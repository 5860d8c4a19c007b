"""A model as one file: a ZIP archive of its manifest, its trees and its experience; whole, or not used."""

import hashlib
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from setu_optimizer.domain.prediction.experience import Experience
from setu_optimizer.domain.prediction.features import COLUMNS, FEATURES, SCHEMA
from setu_optimizer.engines.boosting import Trees
from setu_optimizer.errors import ModelUnusable
from setu_optimizer.predictors.manifest import Manifest

MEDIA_TYPE: Final = "application/zip"
MANIFEST: Final = "manifest.json"
EXPERIENCE: Final = "experience.npy"
PROBED: Final = "probed"
UNPROBED: Final = "unprobed"
LARGEST_BYTES: Final = 64 << 20
# What the readers of archives say of one in which bytes are not what they were; ValueError: names and places that can't be.
_DAMAGES: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError, ValueError, struct.error,
)  # fmt: skip
# So that the same model is the same bytes; ZIP knows no earlier time.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Grown:
    """Trees for recordings with a probe, or without.

    Args:
        errors: predict roots of error rates.
        ranges: predict their 5th and 95th percentile.
        times: predict logarithms of time factors; None: no times were known.
    """

    errors: Trees
    ranges: Trees
    times: Trees | None

    @property
    def files(self) -> dict[str, Trees]:
        """By the last part of their names."""
        return {"errors.ubj": self.errors, "ranges.ubj": self.ranges} | ({"times.ubj": self.times} if self.times else {})


@dataclass(frozen=True)
class Bundle:
    """A model that has been read.

    Args:
        manifest: what is said of it.
        probed: trees for recordings that were probed; None: for those there are none of their own.
        unprobed: trees for those that were not.
        experience: what it has learned from.
    """

    manifest: Manifest
    probed: Grown | None
    unprobed: Grown
    experience: Experience


def files_of(probed: Grown | None, unprobed: Grown, experience: Experience) -> dict[str, bytes]:
    """A model's files by name."""
    figures = io.BytesIO()
    np.save(figures, experience.figures, allow_pickle=False)
    sides = {PROBED: probed, UNPROBED: unprobed}
    trees = {f"{side}-{name}": each for side, grown in sides.items() if grown for name, each in grown.files.items()}
    return {name: each.data for name, each in trees.items()} | {EXPERIENCE: figures.getvalue()}


def sums_of(files: dict[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def packed(manifest: Manifest, files: dict[str, bytes]) -> bytes:
    """The archive. The same model gives the same bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in {MANIFEST: manifest.model_dump_json(indent=1).encode(), **files}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            opened.writestr(entry, data)
    return archive.getvalue()


def unpacked(data: bytes) -> Bundle:
    """Read a model.

    Raises:
        ModelUnusable: it is damaged, of another schema or another version, or not a model at all.
    """
    manifest, files = _contents(data)
    if manifest.schema_version != SCHEMA or manifest.columns != COLUMNS:
        raise ModelUnusable(
            f"The model {manifest.name} is of feature schema {manifest.schema_version}, and this version has {SCHEMA}: train it anew."
        )
    for name in {EXPERIENCE, *manifest.files}:
        if hashlib.sha256(files.get(name, b"")).hexdigest() != manifest.files.get(name):
            raise ModelUnusable(f"The model {manifest.name} is damaged: {name} is not what its manifest says. Train it anew.")
    try:
        return Bundle(
            manifest=manifest,
            probed=_grown(PROBED, files) if manifest.probed is not None else None,
            unprobed=_grown(UNPROBED, files),
            experience=Experience(_figures(files[EXPERIENCE]), manifest.far, manifest.learned_from.languages),
        )
    except KeyError as error:
        raise ModelUnusable(f"The model {manifest.name} lacks {error.args[0]}. Train it anew.") from error
    except ValueError as error:
        raise ModelUnusable(f"The model {manifest.name} can't be read: {error}.") from error


def _grown(side: str, files: dict[str, bytes]) -> Grown:
    times = files.get(f"{side}-times.ubj")
    return Grown(
        errors=_trees(files[f"{side}-errors.ubj"]),
        ranges=_trees(files[f"{side}-ranges.ubj"]),
        times=None if times is None else _trees(times),
    )


def _trees(data: bytes) -> Trees:
    trees = Trees.read(data)
    if trees.columns != len(COLUMNS):
        raise ValueError("its trees look at other columns than its manifest says")
    return trees


def _contents(data: bytes) -> tuple[Manifest, dict[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                raise ModelUnusable(f"The model is larger than {LARGEST_BYTES >> 20} MB.")
            files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        manifest = Manifest.model_validate_json(files.get(MANIFEST, b""))
        return manifest, {name: data for name, data in files.items() if name in manifest.files}
    except ValidationError:
        raise ModelUnusable("The model's manifest is not one that this version reads. Train the model anew.") from None
    except _DAMAGES as error:
        raise ModelUnusable("The model's file is damaged: it is no whole archive.") from error


def _figures(data: bytes) -> NDArray[np.float32]:
    figures = np.load(io.BytesIO(data), allow_pickle=False)
    if figures.dtype != np.float32 or figures.ndim != 2 or figures.shape[1] != len(FEATURES):  # noqa: PLR2004 recordings, features
        raise ValueError("its experience is of other figures")
    return np.asarray(figures, dtype=np.float32)
