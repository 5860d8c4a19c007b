"""The workflow on GitHub does what .ci/run does, by targets that exist, and lets in nobody's code by a name that moves freely."""

import re
from typing import Any

import yaml

from testbed.sources import ROOT, tracked

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
TARGET = re.compile(r"^\s*make ([a-z-]+)", re.MULTILINE)
Step = dict[str, Any]  # Any: YAML


def steps() -> list[Step]:
    return [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def targets() -> set[str]:
    return {name for step in steps() for name in TARGET.findall(step.get("run", ""))}


def test_its_targets_exist_and_are_those_of_ci_run_and_the_audit():
    assert targets() <= set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE))
    assert targets() - {"setup"} == set(TARGET.findall((ROOT / ".ci/run").read_text())) | {"audit"}


def test_actions_are_of_a_version_and_may_only_read():
    used = [step["uses"] for step in steps() if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", name)] == []
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in WORKFLOW["jobs"].values())


def test_what_is_cached_depends_on_files_that_are_there():
    keys = [step["with"]["key"] for step in steps() if step.get("uses", "").startswith("actions/cache@")]
    named = [name for key in keys for name in re.findall(r"'([^']+)'", key)]
    assert len(named) >= len(keys)
    assert [name for name in named if not list(ROOT.glob(name))] == []


def test_an_audit_looks_at_everything_that_is_locked_with_hashes():
    recipe = MAKEFILE.partition("\naudit:")[2].partition("\n\n")[0]
    audited = set(re.findall(r"--requirement (\S+)", recipe))
    locked = [path for path in tracked() if path.suffix in (".lock", ".txt") and path.name != "uv.lock"]
    assert audited == {str(path) for path in locked if "--hash=sha256:" in (ROOT / path).read_text()}
    assert "--strict" in recipe, "or what could not be looked up would pass"


def test_each_exception_has_a_date_and_a_reason():
    lines = (ROOT / ".github/audit-exceptions.txt").read_text().splitlines()
    told = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in told if not re.fullmatch(r"\S+ 20\d\d-\d\d-\d\d \S+ .+", line)] == []
