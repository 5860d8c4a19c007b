"""House rules about the code that no linter here knows."""

import ast
import sys
from pathlib import Path

import pytest

from testbed.sources import calls, imported, nodes, python_files

STATEMENT_LINES_AT_MOST = 60

# Where a thread has nothing better to wait on: path -> why.
SLEEPERS: dict[str, str] = {}


def test_a_function_fits_on_a_screen():
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in python_files(shipped=True)
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and lines_of(node) > STATEMENT_LINES_AT_MOST
    ]
    assert long == []


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body, its docstring not counted."""
    first = function.body[1:2] if ast.get_docstring(function) else function.body[:1]
    return (function.end_lineno or 0) - first[0].lineno + 1 if first else 0


def test_nothing_sleeps_where_it_could_wait_for_an_event():
    found = {
        f"{path}:{line}" for path in python_files(shipped=True) for line, name in calls(path) if name in ("time.sleep", "sleep")
    }
    assert sorted(place for place in found if place.rsplit(":", 1)[0] not in SLEEPERS) == []


def test_only_the_command_prints():
    found = [f"{path}:{line}" for path in python_files(shipped=True) for line, name in calls(path) if name == "print"]
    assert [place for place in found if "setu_cli" not in place] == []


def test_no_failure_is_swallowed_whole():
    found = [
        f"{path}:{node.lineno}"
        for path in python_files()
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and all(
            isinstance(statement, ast.Pass | ast.Continue | ast.Expr) and not has_call(statement) for statement in node.body
        )
    ]
    assert found == []


def has_call(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(statement))


def test_the_environment_is_read_by_settings_and_entry_points_only():
    allowed = ("settings.py", "main.py", "worker.py", "migrate.py")
    found = [
        f"{path}:{line}"
        for path in python_files(shipped=True)
        for line in reads_of_environment(path)
        if path.name not in allowed
    ]
    assert [place for place in found if "setu_cli" not in place] == []


def reads_of_environment(path: Path):
    """Lines that look a variable up; handing the whole environment on to a child process is none."""
    yield from (line for line, name in calls(path) if name in ("os.getenv", "os.environ.get"))
    for node in nodes(path):
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            yield node.lineno


@pytest.mark.parametrize("old", ["httpx", "requests", "aiohttp", "urllib3"])
def test_there_is_one_http_library(old):
    assert [f"{path}:{line}" for path in python_files() for line, name in imported(path) if name.split(".")[0] == old] == []


def test_domain_and_contracts_import_nothing_but_pydantic_and_the_standard_library():
    assert [
        f"{path}:{line} {name}"
        for path in python_files(shipped=True)
        if "domain" in path.parts or "contracts" in path.parts
        for line, name in imported(path)
        if not pure(path, name)
    ] == []


def pure(path: Path, name: str) -> bool:
    top = name.split(".", maxsplit=1)[0]
    own = next(part for part in path.parts if part.startswith("setu_"))
    computing = (own, top) in {
        ("setu_asr", "numpy"),
        ("setu_enhancer", "rapidfuzz"),
        ("setu_optimizer", "numpy"),
        ("setu_optimizer", "rapidfuzz"),
    }
    counting = name.startswith(
        ("setu_common.subtitles.measure", "setu_common.subtitles.profile", "setu_common.spelling")
    )  # pure too
    return (
        computing
        or counting
        or top == "pydantic"
        or top in sys.stdlib_module_names
        or name.startswith(("setu_common.contracts", "setu_common.errors", f"{own}.domain", f"{own}.errors"))
    )
