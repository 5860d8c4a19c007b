"""Sweeping a store: what nothing refers to goes, and nothing else does."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from setu_common.contracts import Reference
from setu_common.settings import StoreSettings
from setu_common.store import Store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "a store"


@pytest.fixture
def store(root: Path) -> Store:
    return Store(StoreSettings(url=f"file://{root}", durable=False), "asr")


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def today() -> date:
    return datetime.now(UTC).date()


def aged(root: Path, reference: Reference, days: int) -> str:
    """Move an object into the folder of an earlier day; return its URI there."""
    old = root / reference.path
    day = (today() - timedelta(days=days)).isoformat()
    new = old.parent.parent / day / old.name
    new.parent.mkdir(exist_ok=True)
    old.rename(new)
    return f"setu://{new.relative_to(root)}"


async def none_referenced(_uris: Sequence[str]) -> set[str]:
    return set()


async def test_a_sweep_takes_old_objects_that_nothing_refers_to(store: Store, root: Path) -> None:
    kept, unwanted = [aged(root, await store.put("acme", name, "a/b"), 5) for name in (b"kept", b"unwanted")]
    asked: list[str] = []

    async def referenced(uris: Sequence[str]) -> set[str]:
        asked.extend(uris)
        return {kept}

    assert await store.sweep(today(), referenced) == 1
    assert sorted(asked) == sorted([kept, unwanted])
    assert [f"setu://{path.relative_to(root)}" for path in files(root)] == [kept]


async def test_a_sweep_leaves_days_alone_that_are_not_over_for_long(store: Store, root: Path) -> None:
    fresh = await store.put("acme", b"today", "a/b")
    aged(root, await store.put("acme", b"yesterday", "a/b"), 1)
    aged(root, await store.put("acme", b"the day before", "a/b"), 2)
    assert await store.sweep(date(2999, 1, 1), none_referenced) == 1
    assert await store.read(fresh) == b"today"
    assert len(files(root)) == 2


async def test_a_sweep_heeds_the_day_it_is_given(store: Store, root: Path) -> None:
    for days in (3, 4, 5):
        aged(root, await store.put("acme", b"x", "a/b"), days)
    assert await store.sweep(today() - timedelta(days=3), none_referenced) == 2


async def test_a_sweep_takes_nothing_of_others(store: Store, root: Path) -> None:
    other = Store(StoreSettings(url=f"file://{root}", durable=False), "gateway")
    aged(root, await other.put("acme", b"x", "a/b"), 9)
    (root / "asr" / "acme" / "not-a-day").mkdir(parents=True)
    (root / "asr" / "acme" / "not-a-day" / "file").touch()
    (root / "asr" / "acme" / "2026-99-99").mkdir()
    assert await store.sweep(today(), none_referenced) == 0
    assert len(files(root)) == 2


async def test_a_swept_day_leaves_no_empty_folder(store: Store, root: Path) -> None:
    uri = aged(root, await store.put("acme", b"x", "a/b"), 9)
    folder = (root / uri.removeprefix("setu://")).parent
    await store.sweep(today(), none_referenced)
    assert not folder.exists()


async def test_a_sweep_takes_half_written_files_of_yesterday_and_leaves_those_under_way(store: Store, root: Path) -> None:
    incoming = root / "asr" / ".incoming"
    incoming.mkdir(parents=True)
    stale, fresh = incoming / "stale", incoming / "fresh"
    stale.touch()
    fresh.touch()
    two_days_ago = datetime.now(UTC).timestamp() - 2 * 86400
    os.utime(stale, (two_days_ago, two_days_ago))
    assert await store.sweep(today(), none_referenced) == 0
    assert files(root) == [fresh]


async def test_a_sweep_of_many_objects_asks_in_batches(store: Store, root: Path) -> None:
    folder = root / "asr" / "acme" / "2020-01-01"
    folder.mkdir(parents=True)
    for number in range(1203):
        (folder / f"{number:064x}-{number:08x}").touch()
    sizes: list[int] = []

    async def referenced(uris: Sequence[str]) -> set[str]:
        sizes.append(len(uris))
        return set()

    assert await store.sweep(today(), referenced) == 1203
    assert max(sizes) <= 500


async def test_a_sweep_before_anything_was_written_finds_nothing(store: Store) -> None:
    assert await store.sweep(today(), none_referenced) == 0
