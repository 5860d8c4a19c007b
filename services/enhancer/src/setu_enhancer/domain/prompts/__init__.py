"""The prompts that Setu comes with: one file for each pair of languages that has its own, and a general one."""

from functools import lru_cache
from importlib.resources import files

from setu_enhancer.domain.prompting import Prompts, parse_prompt


@lru_cache(maxsize=1)
def read_prompts() -> Prompts:
    """Read them."""
    folder = files("setu_enhancer.domain.prompts")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".toml"))
    return Prompts(parse_prompt(folder.joinpath(name).read_text("utf-8")) for name in names)
