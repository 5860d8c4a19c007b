"""Sweeping a store: what nothing refers to goes, and nothing else does."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from bucketed.places import Folder, Place
from setu_common.store import Store

TWO_DAYS_S = 2 * 86400


@pytest.fixture
def store(place: Place) -> Store:
    return Store(place.settings, "asr")


def today() -> date:
    return datetime.now(UTC).date()


def lying(place: Place, name: str, days: int, owner: str = "asr") -> str:
    """Have an object lie there that was put some days ago; return its URI."""
    day = (today() - timedelta(days=days)).isoformat()
    path = f"{owner}/acme/{day}/{sha256(name.encode()).hexdigest()}-{0:08x}"
    place.put(path, age_s=days * 86400)
    return f"setu://{path}"


async def none_referenced(_uris: Sequence[str]) -> set[str]:
    return set()


async def test_a_sweep_takes_old_objects_that_nothing_refers_to(store: Store, place: Place) -> None:
    kept, unwanted = lying(place, "kept", 5), lying(place, "unwanted", 5)
    asked: list[str] = []

    async def referenced(uris: Sequence[str]) -> set[str]:
        asked.extend(uris)
        return {kept}

    assert await store.sweep(today(), referenced) == 1
    assert sorted(asked) == sorted([kept, unwanted])
    assert place.paths() == {kept.removeprefix("setu://")}


async def test_a_sweep_leaves_days_alone_that_are_not_over_for_long(store: Store, place: Place) -> None:
    fresh = await store.put("acme", b"today", "a/b")
    lying(place, "yesterday", 1)
    lying(place, "the day before", 2)
    assert await store.sweep(date(2999, 1, 1), none_referenced) == 1
    assert await store.read(fresh) == b"today"
    assert len(place.paths()) == 2


async def test_a_sweep_heeds_the_day_it_is_given(store: Store, place: Place) -> None:
    for days in (3, 4, 5):
        lying(place, "x", days)
    assert await store.sweep(today() - timedelta(days=3), none_referenced) == 2


async def test_a_sweep_takes_nothing_of_others(store: Store, place: Place) -> None:
    lying(place, "x", 9, owner="gateway")
    lying(place, "x", 9, owner="asr-of-others")
    place.put("asr/acme/not-a-day/file", "asr/acme/2026-99-99/file", age_s=9 * 86400)
    assert await store.sweep(today(), none_referenced) == 0
    assert len(place.paths()) == 4


async def test_a_swept_day_leaves_no_empty_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a store")
    day = (folder.root / lying(folder, "x", 9).removeprefix("setu://")).parent
    assert day.exists()
    await Store(folder.settings, "asr").sweep(today(), none_referenced)
    assert not day.exists()


async def test_a_sweep_takes_half_written_files_of_yesterday_and_leaves_those_under_way(store: Store, place: Place) -> None:
    place.put("asr/.incoming/stale", age_s=TWO_DAYS_S)
    place.put("asr/.incoming/fresh")
    assert await store.sweep(today(), none_referenced) == 0
    assert place.paths() == {"asr/.incoming/fresh"}


async def test_a_sweep_of_many_objects_asks_in_batches(store: Store, place: Place) -> None:
    place.put(*(f"asr/acme/2020-01-01/{number:064x}-{number:08x}" for number in range(1203)))
    sizes: list[int] = []

    async def referenced(uris: Sequence[str]) -> set[str]:
        sizes.append(len(uris))
        return set()

    assert await store.sweep(today(), referenced) == 1203
    assert sum(sizes) == 1203
    assert max(sizes) <= 500
    assert place.paths() == set()


async def test_more_tenants_are_found_than_a_bucket_lists_at_once(store: Store, place: Place) -> None:
    place.put(*(f"asr/tenant-{number:04}/2020-01-01/x" for number in range(1203)))
    assert await store._backend.folders("asr") == [f"tenant-{number:04}" for number in range(1203)]


async def test_a_sweep_before_anything_was_written_finds_nothing(store: Store) -> None:
    assert await store.sweep(today(), none_referenced) == 0
