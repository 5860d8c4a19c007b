"""requirements.lock is in step with the pyproject files, and works with any index."""

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from testbed.sources import ROOT, tracked

LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = {
    canonicalize_name(name): Version(version)
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, flags=re.MULTILINE)
}
MEMBERS = (
    "setu-common",
    "setu-cli",
    "setu-gateway",
    "setu-asr",
    "setu-translate",
    "setu-metrics",
    "setu-enhancer",
    "setu-optimizer",
)
VOICES = "voices"  # for evaluations of speech only, 190 MB: locked in evals/voices.lock


def apart() -> set[tuple[str, str]]:
    """The extras that are resolved apart, since they hold others back: (member, extra)."""
    conflicts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["conflicts"]
    return {(each["package"], each["extra"]) for conflict in conflicts for each in conflict if "extra" in each}


def declared() -> list[Requirement]:
    """Every requirement of every member, groups included, and extras but for those that are resolved apart."""
    found = []
    for path in (ROOT / "pyproject.toml", *sorted(ROOT.glob("*/*/pyproject.toml"))):
        content = tomllib.loads(path.read_text())
        project = content["project"]
        extras = project.get("optional-dependencies", {}).items()
        groups = [lines for name, lines in content.get("dependency-groups", {}).items() if name != VOICES]
        lists = [project.get("dependencies", []), *(lines for name, lines in extras if (project["name"], name) not in apart())]
        found += [Requirement(line) for lines in [*lists, *groups] for line in lines]
    return [requirement for requirement in found if requirement.name not in MEMBERS]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_what_a_member_needs_is_locked_at_a_version_it_takes(requirement):
    version = LOCKED.get(canonicalize_name(requirement.name))
    assert version is not None, "run `make lock`"
    assert requirement.specifier.contains(version, prereleases=True), "run `make lock`"


def test_what_is_resolved_apart_is_not_in_the_lock_and_make_lock_leaves_it_out():
    assert apart() == {("setu-asr", "whisperx")}
    assert "whisperx" not in LOCKED
    assert "--no-extra whisperx" in (ROOT / "Makefile").read_text()


def test_nothing_is_locked_that_nobody_needs():
    waiting = [canonicalize_name(requirement.name) for requirement in declared()]
    needed = set()
    while waiting:
        name = waiting.pop()
        if name in needed or name not in LOCKED:
            continue
        needed.add(name)
        try:
            waiting += [canonicalize_name(Requirement(line).name) for line in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue  # for another platform
    assert sorted(LOCKED.keys() - needed) == []


@pytest.mark.parametrize("name", ["requirements.lock", "evals/voices.lock"])
def test_every_locked_package_has_a_hash_and_no_index_is_named(name):
    lock = (ROOT / name).read_text()
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"://|--index|--find-links", lock)


def test_the_voices_of_evaluations_are_locked_by_themselves():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][VOICES]
    lock = (ROOT / "evals/voices.lock").read_text()
    for requirement in map(Requirement, wanted):
        found = re.search(rf"^{re.escape(requirement.name)}==([^ ;\\]+)", lock, flags=re.MULTILINE)
        assert found is not None, "run `make lock`"
        assert requirement.specifier.contains(Version(found.group(1))), "run `make lock`"


def test_the_lock_that_names_hosts_stays_uncommitted():
    assert not [path for path in tracked() if path.name == "uv.lock"]
