"""Variables that look like settings and that nobody reads: of a name misspelt, or guessed, one learns otherwise only from the bill."""

import difflib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from setu_cli.embedded.stack import SERVICES, Service
from setu_common.setting_names import blocks_of, names_by_field
from setu_common.settings import SECRETS_FOLDER, ModelSettings, SettingsBlock, TrustSettings

OF_COMMANDS: Final = frozenset(("SETU_API_KEY", "SETU_HOME", "SETU_LLAMA_REPEATABLE", "SETU_URL", SECRETS_FOLDER))
MOST_NEAR: Final = 2
_OF_MODELS: Final = "SETU_LLM_"
_PROVIDERS: Final = "SETU_LLM_PROVIDERS"
_NEAR: Final = 0.8
"""Of 1, from which names are alike."""


@dataclass(frozen=True)
class Unread:
    """A variable that nobody reads.

    Args:
        name: of the variable.
        near: settings whose names are like it.
    """

    name: str
    near: tuple[str, ...]

    def __str__(self) -> str:
        like = f" The nearest: {' and '.join(self.near)}." if self.near else ""
        return f"{self.name} is set, and nothing here reads it.{like}"


def unread_variables(environment: Mapping[str, str]) -> list[Unread]:
    """Those of an environment that begin with SETU_ and that no service that is installed, nor any command, reads. Empty ones say nothing."""
    set_ = sorted(name for name, value in environment.items() if value and name.upper().startswith("SETU_"))
    asked = [name for name in set_ if name.upper() not in OF_COMMANDS]
    if not asked:
        return []
    known = sorted({name for service in SERVICES for block in _blocks(service) for name in _names(block)})
    return [Unread(name, _near(name.upper(), known)) for name in asked if name.upper() not in known]


def _near(name: str, known: Sequence[str]) -> tuple[str, ...]:
    found = difflib.get_close_matches(name, known, MOST_NEAR, _NEAR)
    if name.startswith(_OF_MODELS) and _PROVIDERS in known:  # which says whatever can be said of them
        found = [_PROVIDERS, *(each for each in found if each != _PROVIDERS)]
    return tuple(found[:MOST_NEAR])


def _blocks(service: Service) -> Iterator[type[SettingsBlock]]:
    yield from (ModelSettings, TrustSettings)
    if find_spec(service.package) is not None:
        module = importlib.import_module(f"{service.package}.settings")
        yield from blocks_of(getattr(module, f"{service.name.capitalize()}Settings"))


def _names(block: type[SettingsBlock]) -> Iterator[str]:
    for _, names in names_by_field(block):
        yield from names
