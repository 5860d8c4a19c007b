"""The tables that lie in this package: what is known of models."""

import tomllib
from importlib import resources

from setu_optimizer.domain.prediction.features import Size
from setu_optimizer.domain.prediction.priors import Published, Table


def published() -> Table:
    """What is published of each model of the catalogue."""
    document = tomllib.loads(resources.files(__package__).joinpath("known.toml").read_text(encoding="utf-8"))
    return {
        name: Published(
            size=Size(float(entry["parameters_m"]), tuple(entry.get("languages", ()))),
            wer=float(entry["librispeech_other"]) / 100,
        )
        for name, entry in document["models"].items()
    }
