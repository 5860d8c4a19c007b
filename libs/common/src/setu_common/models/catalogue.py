"""The catalogue: names of models in, paths of whole models out."""

import errno
import shutil
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import structlog

from setu_common.models.entries import Model
from setu_common.models.errors import (
    ModelDamaged,
    ModelMissing,
    ModelsFolderFull,
    ModelsFolderUnusable,
    ModelUnavailable,
    UnknownModel,
)
from setu_common.models.fetching import Fetch, SourceFailed
from setu_common.models.samples import sample_recording
from setu_common.models.shelf import OnProgress, Shelf, verify
from setu_common.models.sources import fetch_source
from setu_common.settings import ModelSettings

SAMPLES = "speech-samples"

log = structlog.get_logger()


class Catalogue:
    """All models by name; makes sure that one lies whole in the models folder. Threads and processes may share a folder.

    Args:
        models: by name.
        settings: the folder, and whether anything may be downloaded.
        fetch: what asks a source.
    """

    def __init__(self, models: Mapping[str, Model], settings: ModelSettings, fetch: Fetch = fetch_source) -> None:
        self._models = dict(models)
        self._settings = settings
        self._fetch = fetch
        self._shelf = Shelf(settings.folder)

    @classmethod
    def load(cls, settings: ModelSettings | None = None) -> "Catalogue":
        """Read ``models.toml``. Without ``settings`` the environment's are taken: for entry points only."""
        document = tomllib.loads(resources.files(__package__).joinpath("models.toml").read_text(encoding="utf-8"))
        return cls(parse(document), settings or ModelSettings())

    def names(self) -> tuple[str, ...]:
        """The models' names, in the catalogue's order."""
        return tuple(self._models)

    def __getitem__(self, name: str) -> Model:
        """The model of that name.

        Raises:
            UnknownModel: there is none.
        """
        try:
            return self._models[name]
        except KeyError:
            raise UnknownModel(f"there is no model {name!r}; the catalogue has {', '.join(self._models)}") from None

    def has(self, name: str) -> bool:
        """Whether the model lies whole in the folder already (a quick look; nothing is read or downloaded)."""
        return self._shelf.is_whole(self[name])

    def ensure(self, name: str, on_progress: OnProgress | None = None) -> Path:
        """Make sure that a model lies whole in the folder, downloading it if it must. Blocks, for minutes perhaps.

        Args:
            name: a name of the catalogue.
            on_progress: told (bytes so far, bytes in all) a few times a second; what it raises ends the work, cleanly.

        Returns:
            What the model's engine opens: its folder, or its one file.

        Raises:
            UnknownModel: no such name.
            ModelMissing: it isn't here and downloading is switched off; says which files to put where.
            ModelUnavailable: no source could give it now.
            ModelsFolderFull: the disk has no room for it.
            ModelsFolderUnusable: the folder can't be written to.
        """
        model = self[name]
        if not self._shelf.is_whole(model):
            try:
                self._fill(model, on_progress or _ignore)
            except OSError as error:
                raise self._folder_error(model, error) from error
        return self._shelf.path(model) / model.entry

    def verify(self, name: str, on_progress: OnProgress | None = None) -> None:
        """Read every byte of a model.

        Raises:
            UnknownModel: no such name.
            ModelDamaged: a file is missing or not the catalogue's.
        """
        model = self[name]
        faults = self._shelf.faults(model, on_progress)
        if faults:
            home = self._shelf.path(model)
            raise ModelDamaged(
                f"{model.name} in {home} is not whole: {'; '.join(faults)}. Remove that folder; the next use downloads it again.",
                model=model.name,
                faults=faults,
            )

    def sample(self, language: str, on_progress: OnProgress | None = None) -> Path:
        """A recording of a few sentences in ``language``, a WAV file with its transcript beside it (``.txt``, a line a sentence).

        Raises:
            NoSuchSample: there is none in that language.
            ModelMissing, ModelUnavailable, ModelsFolderFull, ModelsFolderUnusable: as ``ensure``.
        """
        clips = self.ensure(SAMPLES, on_progress)
        try:
            return sample_recording(clips, language, self._shelf.folder / f"{SAMPLES}-joined-{self[SAMPLES].fingerprint[:8]}")
        except OSError as error:
            raise self._folder_error(self[SAMPLES], error) from error

    def _fill(self, model: Model, on_progress: OnProgress) -> None:
        try:
            self._shelf.folder.mkdir(parents=True, exist_ok=True)
            with self._shelf.lock(model, while_waiting=lambda: on_progress(0, model.bytes)):
                if not (self._shelf.is_whole(model) or self._shelf.adopt(model, on_progress)):
                    self._download(model, on_progress)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and self._shelf.adopt(model, on_progress):
                return  # baked into a read-only image
            raise

    def _download(self, model: Model, on_progress: OnProgress) -> None:
        if self._settings.offline:
            raise ModelMissing(
                f"{model.name} is not in {self._shelf.folder} and downloading is switched off. {self._by_hand(model)}",
                model=model.name,
            )
        tried: list[str] = []
        for source in model.sources:
            with self._shelf.incoming(model) as incoming:
                if shutil.disk_usage(incoming).free < model.bytes * source.room:
                    raise OSError(errno.ENOSPC, "too little room for the model")
                try:
                    self._fetch(source, model, incoming, lambda count: on_progress(count, model.bytes))
                    faults = verify(model, incoming)
                    if faults:
                        raise SourceFailed(f"what came is not the model: {'; '.join(faults)}")  # noqa: TRY301 one way to the next source
                    self._shelf.place(model, incoming, source.label)
                except SourceFailed as failed:
                    log.warning("model.source_failed", model=model.name, source=source.label, reason=failed.reason)
                    tried.append(f"{source.label}: {failed.reason}")
                else:
                    log.info("model.ready", model=model.name, source=source.label, bytes=model.bytes)
                    return
        raise ModelUnavailable(
            f"{model.name} could not be had. {'; '.join(tried)}. Check this machine's access to them, or do without: {self._by_hand(model)}",
            retry_after_s=30.0,
            model=model.name,
            tried=tried,
        )

    def _by_hand(self, model: Model) -> str:
        files = ", ".join(file.name for file in model.files[:6]) + (" …" if len(model.files) > 6 else "")  # noqa: PLR2004
        return (
            f"Put its files ({files}; {model.bytes / 1e6:.0f} MB) into {self._shelf.path(model)}, "
            "or copy that folder from a machine that has it."
        )

    def _folder_error(self, model: Model, error: OSError) -> ModelsFolderFull | ModelsFolderUnusable:
        folder = self._shelf.folder
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            needed = model.bytes * max(source.room for source in model.sources) / 1e6
            return ModelsFolderFull(
                f"{model.name} needs {needed:.0f} MB free while it is put into {folder}. Make room, or set SETU_MODELS_FOLDER "
                "to a folder on a larger disk.",
                retry_after_s=60.0,
                model=model.name,
            )
        return ModelsFolderUnusable(
            f"{folder} can't be used for {model.name} ({error.strerror or type(error).__name__}). Make it writable for this user, "
            "or set SETU_MODELS_FOLDER to another folder.",
            model=model.name,
        )


def parse(document: Mapping[str, Any]) -> dict[str, Model]:  # Any: TOML as tomllib reads it; validated here
    """The models of a ``models.toml`` document, by name."""
    return {name: Model.model_validate({"name": name, **fields}) for name, fields in document["models"].items()}


def _ignore(_done_bytes: int, _all_bytes: int) -> None:
    """For callers who don't want to know."""
