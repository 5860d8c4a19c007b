"""A model as one file: a ZIP archive of its manifest, its trees and its experience; whole, or not used."""

import hashlib
import io
import zipfile
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
ERRORS: Final = "errors.ubj"
ERROR_RANGES: Final = "error-ranges.ubj"
TIMES: Final = "times.ubj"
EXPERIENCE: Final = "experience.npy"
LARGEST_BYTES: Final = 64 << 20
_NEEDED: Final = (ERRORS, ERROR_RANGES, EXPERIENCE)
# So that the same model is the same bytes; ZIP knows no earlier time.
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """A model that has been read.

    Args:
        manifest: what is said of it.
        errors: trees that predict roots of error rates.
        error_ranges: trees that predict their 5th and 95th percentile.
        times: trees that predict logarithms of time factors; None: no times were known.
        experience: what it has learned from.
    """

    manifest: Manifest
    errors: Trees
    error_ranges: Trees
    times: Trees | None
    experience: Experience


def files_of(errors: Trees, error_ranges: Trees, times: Trees | None, experience: Experience) -> dict[str, bytes]:
    """A model's files by name."""
    figures = io.BytesIO()
    np.save(figures, experience.figures, allow_pickle=False)
    files = {ERRORS: errors.data, ERROR_RANGES: error_ranges.data, EXPERIENCE: figures.getvalue()}
    return files | ({TIMES: times.data} if times is not None else {})


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
    for name in {*_NEEDED, *manifest.files}:
        if hashlib.sha256(files.get(name, b"")).hexdigest() != manifest.files.get(name):
            raise ModelUnusable(f"The model {manifest.name} is damaged: {name} is not what its manifest says. Train it anew.")
    try:
        bundle = Bundle(
            manifest=manifest,
            errors=Trees.read(files[ERRORS]),
            error_ranges=Trees.read(files[ERROR_RANGES]),
            times=Trees.read(files[TIMES]) if TIMES in manifest.files else None,
            experience=Experience(_figures(files[EXPERIENCE]), manifest.far, manifest.learned_from.languages),
        )
    except ValueError as error:
        raise ModelUnusable(f"The model {manifest.name} can't be read: {error}.") from error
    trees = [bundle.errors, bundle.error_ranges, *([bundle.times] if bundle.times else [])]
    if any(each.columns != len(COLUMNS) for each in trees):
        raise ModelUnusable(f"The model {manifest.name} looks at other columns than its manifest says. Train it anew.")
    return bundle


def _contents(data: bytes) -> tuple[Manifest, dict[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
                raise ModelUnusable(f"The model is larger than {LARGEST_BYTES >> 20} MB.")
            files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        return Manifest.model_validate_json(files.get(MANIFEST, b"")), files
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ModelUnusable("The model's file is damaged: it is no whole archive.") from error
    except ValidationError:
        raise ModelUnusable("The model's manifest is not one that this version reads. Train the model anew.") from None


def _figures(data: bytes) -> NDArray[np.float32]:
    figures = np.load(io.BytesIO(data), allow_pickle=False)
    if figures.dtype != np.float32 or figures.ndim != 2 or figures.shape[1] != len(FEATURES):  # noqa: PLR2004 recordings, features
        raise ValueError("its experience is of other figures")
    return np.asarray(figures, dtype=np.float32)
