"""docs/troubleshooting.md and deployment.md name what exists, and leave out nothing that calls for somebody."""

import importlib
import pkgutil
import re
from functools import cache

import pytest
import yaml
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command

from composed.declared import services
from setu_cli.main import app
from setu_common.errors import SetuError
from setu_common.settings import SECRETS_FOLDER, SettingsBlock
from testbed.sources import ROOT, python_files

PAGE = (ROOT / "docs/troubleshooting.md").read_text()
PAGES = [PAGE, (ROOT / "docs/deployment.md").read_text()]
PACKAGES = [f"setu_{name}" for name in ("common", "gateway", "asr", "translate", "enhancer", "optimizer", "metrics")]
QUOTED = re.compile(r"`([^`\n]+)`")
# Of the page's own beginning, of containers, volumes, secrets and fields, and of what whole machines are.
NO_CODES = {"this-is-a-code", "setu-asr-gpu", "setu-scaler", "ephemeral-storage", "nvidia-smi", "no-new-privileges"}
NOT_OURS = re.compile(r"(SETU_(HOME|PORT|ENV_FILE|IMAGE_TAG|GPU_COUNT|READER_PASSWORD|URL|API_KEY)|SETU_GATEWAY|SETU_ASR)$")


def quoted(page: str = PAGE) -> list[str]:
    return [each for each in QUOTED.findall(page) if not each.startswith("this") and each not in ("setu_this", "SetuThis")]


@cache
def sources() -> str:
    return "\n".join((ROOT / path).read_text() for path in python_files(shipped=True))


@cache
def errors() -> frozenset[type[SetuError]]:
    """Every error that a service can tell of."""
    for name in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            if module.name.endswith(
                (".errors", ".failures", ".metering", ".health", ".limits", ".outside", ".names", ".cue", ".hosts", ".scopes")
            ):
                importlib.import_module(module.name)
    importlib.import_module("setu_common.http.outside_urls")
    found: set[type[SetuError]] = set()
    waiting = [SetuError]
    while waiting:
        each = waiting.pop()
        found.add(each)
        waiting.extend(each.__subclasses__())
    return frozenset(each for each in found if each.__module__.split(".")[0] in PACKAGES and ".testing" not in each.__module__)


@cache
def codes() -> frozenset[str]:
    return frozenset(re.findall(r'code(?:: [A-Za-z\[\]]+)? = "([a-z-]+)"', sources())) | {each.code for each in errors()}


@cache
def alerts() -> frozenset[str]:
    groups = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    return frozenset(rule["alert"] for group in groups for rule in group["rules"])


def events(levels: str = r"[a-z]+") -> set[str]:
    return set(re.findall(rf'log\.(?:{levels})\(\s*"([a-z_]+\.[a-z_]+)"', sources()))


def test_every_code_that_is_named_exists():
    named = {each for each in quoted() if re.fullmatch(r"[a-z]+(-[a-z]+)+", each)}
    assert len(named) > 60
    assert named - codes() - NO_CODES - set(services()) == set()


def test_every_event_of_the_log_that_is_named_exists():
    named = {each for each in quoted() if re.fullmatch(r"[a-z_]+\.[a-z_]+", each)}
    changed = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', sources()))  # some are told by a name that is chosen before
    assert len(named) > 60
    assert named - changed == set()


def test_every_alert_and_every_metric_that_is_named_exists():
    assert {each for each in quoted() if re.fullmatch(r"Setu[A-Z]\w+", each)} <= alerts()
    metrics = {re.sub(r"(_total|_count|_bucket)$", "", each) for each in quoted() if re.fullmatch(r"setu_[a-z_]+", each)}
    assert metrics
    assert [each for each in metrics if f'"{each}"' not in sources()] == []


def test_every_setting_that_is_named_exists():
    for name in PACKAGES[1:]:
        importlib.import_module(f"{name}.settings")
    blocks = [block for block in SettingsBlock.__subclasses__() if block.__module__.startswith("setu_")]
    known = {f"{block.model_config.get('env_prefix', '')}{name}".upper() for block in blocks for name in block.model_fields}
    for page in PAGES:
        named = set(re.findall(r"\b((?:SETU|DATABASE|REDIS)_[A-Z0-9_]+)\b", page))
        assert len(named) > 15
        assert {each for each in named if not NOT_OURS.match(each)} - known - {SECRETS_FOLDER} == set()


def test_every_command_of_setu_that_is_named_exists():
    known = get_command(app)
    assert isinstance(known, TyperGroup)
    named = [each.split()[1:] for page in PAGES for each in quoted(page) if each.startswith("setu ")]
    assert len(named) > 10
    for first, *rest in named:
        command = known.get_command(Context(known), first)
        assert command is not None, first
        if rest and isinstance(command, TyperGroup):
            assert rest[0] in command.list_commands(Context(command)), (first, rest)


def test_whatever_calls_for_somebody_is_on_the_page():
    told = set(quoted())
    assert alerts() - told == set(), "alerts"
    assert events("error|exception|critical") - told == set(), "events of errors"
    assert {each.code for each in errors() if each.status >= 500} - told == set(), "codes of what is no fault of the caller"


@pytest.mark.parametrize("part", [
    "Gateway", "Jobs that stand still or fail", "Workers", "Transcription", "Models", "Translation", "Language models and the enhancer",
    "Budgets and prices", "Circuits", "Optimizer", "Metrics service", "Postgres", "Redis", "Store", "Kubernetes",
])  # fmt: skip
def test_each_part_has_signs_and_what_mends_them(part):
    section = PAGE.partition(f"\n## {part}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in section.splitlines() if row.startswith("| ")]
    assert rows[0] == ["sign", "what it is", "the mend"]
    assert len(rows) > 3
    assert [row for row in rows if len(row) != 3 or not row[2]] == []
