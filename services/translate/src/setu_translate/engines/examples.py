"""The examples that come with the service."""

import tomllib
from importlib import resources

from setu_translate.domain.prompting import ExampleTable


def read_examples() -> ExampleTable:
    """Read ``examples.toml``."""
    document = tomllib.loads(resources.files(__package__).joinpath("examples.toml").read_text(encoding="utf-8"))
    return ExampleTable(document["sentence"])
