"""The prompts that Setu comes with: one file for each pair of languages that has its own, and a general one."""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from setu_enhancer.domain.prompting import Prompt, Prompts, parse_prompt

_NAMES: Final = re.compile(r"general|[a-z]{2,3}-[a-z]{2,3}")


@lru_cache(maxsize=1)
def read_prompts() -> Prompts:
    """Read them."""
    return Prompts(_prompts_in(_own()))


def read_prompts_with(folder: Path) -> Prompts:
    """The same, with the files of a folder in place of those that have the same name in them.

    Raises:
        ValueError: the folder can't be read, has no prompt, or one that is none.
    """
    try:
        others = list(_prompts_in(folder))
    except OSError as error:
        raise ValueError(f"{folder} is no folder of prompts: {error.strerror}") from error
    if not others:
        raise ValueError(f"{folder} has no prompt: a file that ends in .toml, see docs/llm-translation-enhancement.md")
    return Prompts([*_prompts_in(_own()), *others])


def _own() -> Traversable:
    return files("setu_enhancer.domain.prompts")


def _prompts_in(folder: Traversable) -> Iterator[Prompt]:
    for name in sorted(each.name for each in folder.iterdir() if each.name.endswith(".toml")):
        try:
            yield _parsed(folder.joinpath(name).read_text("utf-8"))
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{name} is no prompt: {error}") from error


def _parsed(text: str) -> Prompt:
    prompt = parse_prompt(text)
    if not _NAMES.fullmatch(prompt.name):
        raise ValueError(f"its name is {prompt.name!r}, and has to be a pair such as 'hi-en', or 'general'")
    return prompt
