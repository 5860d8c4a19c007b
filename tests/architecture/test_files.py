"""What may lie in the repository, and what may be written in it."""

import re
from collections import Counter

from testbed.sources import ROOT, python_files, tracked

LINES_AT_MOST = 400
GRAB_BAGS = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "misc", "common", "stuff"}

# In two parts, or this file would name them itself.
REGISTRIES = [
    name + "." + domain
    for name, domain in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
    ]
]
MACHINE_PATHS = re.compile(r"(?<![\w.~$}*-])/(?:work|root|home/\w+|Users/\w+|opt/(?:pypi|wheels))/")
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def texts():
    for path in tracked():
        try:
            yield path, (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue  # sound, pictures


def test_a_module_fits_on_a_few_screens():
    assert {
        str(path): lines for path in python_files() if (lines := len((ROOT / path).read_text().splitlines())) > LINES_AT_MOST
    } == {}


def test_no_module_is_a_grab_bag():
    assert [str(path) for path in python_files() if path.stem in GRAB_BAGS] == []


def test_every_package_says_that_it_is_typed():
    packages = [folder for folder in ROOT.glob("*/*/src/*") if folder.is_dir() and folder.name != "__pycache__"]
    assert packages
    assert [str(folder) for folder in packages if not (folder / "py.typed").is_file()] == []


def test_test_files_have_names_of_their_own():
    counts = Counter(path.name for path in python_files() if path.name.startswith("test_"))
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_registry_is_named():
    assert [f"{path}: {host}" for path, text in texts() for host in REGISTRIES if host in text] == []


def test_no_path_of_somebodys_machine_is_named():
    assert [f"{path}: {found.group()}" for path, text in texts() if (found := MACHINE_PATHS.search(text))] == []


def test_nothing_is_marked_as_unfinished():
    assert [
        f"{path}: {found.group()}" for path, text in texts() if path.suffix != ".lock" and (found := UNFINISHED.search(text))
    ] == []
