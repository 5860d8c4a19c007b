"""The model catalogue: what each model is, where it is had, and the one folder in which it lies whole or not at all.

    catalogue = Catalogue.load(ModelSettings())
    path = catalogue.ensure("whisper-base")

Errors, drawn under setu_common.errors:

* NotFound
  * UnknownModel: no such name in the catalogue
  * NoSuchSample: no speech sample in that language
* DependencyUnavailable (retryable)
  * ModelUnavailable: no source could give it now
* SetuError
  * ModelMissing: it isn't here and downloading is switched off
  * ModelDamaged: what lies here is not what the catalogue names
  * ModelsFolderFull (retryable) · ModelsFolderUnusable
"""

from setu_common.models.catalogue import Catalogue
from setu_common.models.entries import HubSource, Model, ModelFile, PackageSource, Requirement, Source
from setu_common.models.errors import (
    ModelDamaged,
    ModelMissing,
    ModelsFolderFull,
    ModelsFolderUnusable,
    ModelUnavailable,
    NoSuchSample,
    UnknownModel,
)
from setu_common.models.fetching import Fetch, OnBytes, SourceFailed
from setu_common.models.shelf import OnProgress

__all__ = [
    "Catalogue",
    "Fetch",
    "HubSource",
    "Model",
    "ModelDamaged",
    "ModelFile",
    "ModelMissing",
    "ModelUnavailable",
    "ModelsFolderFull",
    "ModelsFolderUnusable",
    "NoSuchSample",
    "OnBytes",
    "OnProgress",
    "PackageSource",
    "Requirement",
    "Source",
    "SourceFailed",
    "UnknownModel",
]
