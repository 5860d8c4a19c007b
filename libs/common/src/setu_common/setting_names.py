"""What settings are called in the environment."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import get_args, get_type_hints

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from setu_common.settings import SettingsBlock


def blocks_of(settings: type) -> Iterator[type[SettingsBlock]]:
    """The blocks that a service's settings, a dataclass, are made of."""
    for kind in get_type_hints(settings).values():
        if isinstance(kind, type) and issubclass(kind, SettingsBlock):
            yield kind
        elif is_dataclass(kind) and isinstance(kind, type):
            yield from blocks_of(kind)


def names_by_field(block: type[SettingsBlock]) -> Iterator[tuple[FieldInfo, tuple[str, ...]]]:
    """Each field of a block, with what it is called in the environment. Of several names the last is the most general."""
    prefix = block.model_config.get("env_prefix", "")
    for name, field in block.model_fields.items():
        alias = field.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else [alias or f"{prefix}{name}"]
        yield field, tuple(str(each).upper() for each in names)


def is_secret(field: FieldInfo) -> bool:
    """Whether a field is nobody else's to see."""
    return SecretStr in (field.annotation, *get_args(field.annotation))
