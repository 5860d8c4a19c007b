"""The repository's own files, for tests about the code itself."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]


@cache
def tracked() -> tuple[Path, ...]:
    """Return what is committed or about to be, relative to the root."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return tuple(sorted(path for name in listed.split("\0") if name and (ROOT / (path := Path(name))).is_file()))


def python_files(*, shipped: bool = False) -> Iterator[Path]:
    """Give the Python files, or only those that are ``shipped`` in packages."""
    return (path for path in tracked() if path.suffix == ".py" and (not shipped or "src" in path.parts))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of the file's syntax tree."""
    return tuple(ast.walk(ast.parse((ROOT / path).read_text(), str(path))))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Give the line and the dotted name of whatever the file imports."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Give the line and the name, as it is written, of whatever the file calls."""
    return ((node.lineno, ast.unparse(node.func)) for node in nodes(path) if isinstance(node, ast.Call))
