"""What can go wrong between wanting a model and having it whole."""

from setu_common.errors import DependencyUnavailable, NotFound, SetuError


class UnknownModel(NotFound):
    """The catalogue names no such model."""

    code = "unknown-model"
    title = "The catalogue names no such model"


class NoSuchSample(NotFound):
    """There is no speech sample in that language."""

    code = "no-such-sample"
    title = "There is no speech sample in that language"


class ModelUnavailable(DependencyUnavailable):
    """No source could give the model now."""

    code = "model-unavailable"
    title = "No source could give the model"


class ModelMissing(SetuError):
    """The model isn't here, and downloading is switched off."""

    code = "model-missing"
    title = "The model is not on this machine"
    status = 503


class ModelDamaged(SetuError):
    """What lies in the model's folder is not what the catalogue names."""

    code = "model-damaged"
    title = "The model's files are not whole"


class ModelsFolderFull(SetuError):
    """The disk has no room for the model."""

    code = "models-folder-full"
    title = "The disk has no room for the model"
    status = 507
    retryable = True


class ModelsFolderUnusable(SetuError):
    """The models folder can't be written to."""

    code = "models-folder-unusable"
    title = "The models folder can't be written to"
