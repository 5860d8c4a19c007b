"""The documentation points at what exists."""

import re

from testbed.sources import ROOT, tracked

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def pages():
    return [path for path in tracked() if path.suffix == ".md"]


def test_links_lead_somewhere():
    dead = [
        f"{page}: {target}"
        for page in pages()
        for target in LINK.findall((ROOT / page).read_text())
        if not (ROOT / page.parent / target).exists()
    ]
    assert dead == []


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {name for page in pages() for name in re.findall(r"`make ([a-z-]+)", (ROOT / page).read_text())}
    assert named - targets == set()


def test_every_decision_is_listed():
    index = (ROOT / "docs" / "adr" / "README.md").read_text()
    assert [path.name for path in (ROOT / "docs" / "adr").glob("0*.md") if f"({path.name})" not in index] == []
