"""The object store, in a folder and in a bucket: whole or nothing, bounded memory, and names that lead nowhere else."""

import asyncio
import errno
import hashlib
import os
import random
import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from bucketed.places import Folder, Place
from setu_common.contracts import Contract, Reference
from setu_common.errors import DependencyUnavailable
from setu_common.settings import StoreSettings
from setu_common.store import ObjectMissing, Store
from setu_common.store.writing import PIECE_BYTES

GONE = f"setu://asr/acme/2026-01-31/{'0' * 64}-{'0' * 8}"


class Note(Contract):
    text: str


@pytest.fixture
def store(place: Place) -> Store:
    return Store(place.settings, "asr")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "a store")


@pytest.fixture
def in_folder(folder: Folder) -> Store:
    return Store(folder.settings, "asr")


def today() -> date:
    return datetime.now(UTC).date()


# --- writing and reading


async def test_what_was_put_is_read_by_any_service(store: Store, place: Place) -> None:
    reference = await store.put("acme", b"a line", "text/plain")
    assert reference.sha256 == hashlib.sha256(b"a line").hexdigest()
    assert (reference.bytes, reference.media_type) == (6, "text/plain")
    assert reference.path.startswith(f"asr/acme/{today()}/")
    other = Store(place.settings, "gateway")
    assert await other.read(reference) == b"a line"


async def test_a_message_comes_back_as_it_was(store: Store) -> None:
    reference = await store.put_model("acme", Note(text="नमस्ते"))
    assert reference.media_type == "application/json"
    assert await store.load(reference, Note) == Note(text="नमस्ते")


@pytest.mark.parametrize(
    ("total", "chunk"),
    [
        (0, 1),
        (1, 1),
        (PIECE_BYTES - 1, 65536),
        (PIECE_BYTES, 65536),
        (PIECE_BYTES + 1, 65536),
        (3 * PIECE_BYTES, 3 * PIECE_BYTES),
        (5 * PIECE_BYTES + 4097, 99_991),
    ],
)
async def test_bytes_arrive_whole_whatever_the_chunks(store: Store, place: Place, total: int, chunk: int) -> None:
    content = random.Random(total).randbytes(total)
    async with store.writer("acme", "video/mp4") as writer:
        for start in range(0, total, chunk):
            await writer.write(content[start : start + chunk])
        assert writer.bytes == total
        reference = await writer.finish()
    assert reference.bytes == total
    assert reference.sha256 == hashlib.sha256(content).hexdigest()
    assert await store.read(reference) == content
    assert b"".join([part async for part in store.stream(reference, 70_000)]) == content
    async with store.local_file(reference) as path:
        assert path.read_bytes() == content
    assert place.paths() == {reference.path}


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 1), (0, None), (3, 10), (10, 10), (69_990, 140_010), (199_999, 300_000), (200_000, None)]
)
async def test_a_part_of_an_object_is_read_by_itself(store: Store, start: int, stop: int | None) -> None:
    content = random.Random(1).randbytes(200_000)
    reference = await store.put("acme", content, "video/mp4")
    chunks = [chunk async for chunk in store.stream(reference, 70_000, start=start, stop=stop)]
    assert b"".join(chunks) == content[start:stop]


async def test_a_chunk_may_be_overwritten_as_soon_as_it_was_taken(store: Store) -> None:
    buffer = bytearray(300_000)
    async with store.writer("acme", "video/mp4") as writer:
        for value in range(10):
            buffer[:] = bytes([value]) * len(buffer)
            await writer.write(memoryview(buffer))
        reference = await writer.finish()
    assert await store.read(reference) == b"".join(bytes([value]) * len(buffer) for value in range(10))


async def test_writing_a_large_file_takes_little_memory(store: Store) -> None:
    def resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    chunk = random.Random(0).randbytes(65536)
    await store.put("acme", chunk * 256, "video/mp4")  # what the first one needs stays for all that follow
    before = most = resident_bytes()
    async with store.writer("acme", "video/mp4") as writer:
        for _ in range(2048):
            await writer.write(chunk)
            most = max(most, resident_bytes())
        await writer.finish()
    assert most - before < 24 << 20  # of 128; in a bucket it is 16, which are three parts


async def test_the_same_content_put_twice_is_two_objects(store: Store) -> None:
    first, second = await store.put("acme", b"same", "a/b"), await store.put("acme", b"same", "a/b")
    await store.delete(first.uri)
    assert await store.read(second) == b"same"


async def test_many_writers_at_once_do_not_mix(store: Store) -> None:
    async def write(value: int) -> Reference:
        async with store.writer("acme", "a/b") as writer:
            for _ in range(40):
                await writer.write(bytes([value]) * 65536)
            return await writer.finish()

    references = await asyncio.gather(*(write(value) for value in range(8)))
    for value, reference in enumerate(references):
        assert set(await store.read(reference)) == {value}


# --- nothing by halves


async def test_an_object_is_not_there_before_it_is_finished(store: Store, place: Place) -> None:
    async with store.writer("acme", "a/b") as writer:
        await writer.write(bytes(3 * PIECE_BYTES))
        assert [path.rpartition("/")[0] for path in place.paths()] == ["asr/.incoming"]
        reference = await writer.finish()
    assert place.paths() == {reference.path}


async def test_what_is_left_unfinished_is_removed(store: Store, place: Place) -> None:
    async with store.writer("acme", "a/b") as writer:
        await writer.write(bytes(3 * PIECE_BYTES))
    assert place.paths() == set()


async def test_a_caller_who_goes_away_leaves_nothing(store: Store, place: Place) -> None:
    started = asyncio.Event()

    async def upload() -> None:
        async with store.writer("acme", "a/b") as writer:
            while True:
                await writer.write(bytes(PIECE_BYTES))
                started.set()

    task = asyncio.create_task(upload())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert place.paths() == set()


async def test_a_full_disk_is_told_and_leaves_nothing(
    in_folder: Store, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int, _piece: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DependencyUnavailable, match="full") as caught:
        await in_folder.put("acme", bytes(2 * PIECE_BYTES), "a/b")
    assert caught.value.retry_after_s
    assert folder.paths() == set()


async def test_a_short_write_is_continued(in_folder: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, piece: write(file, piece[: 1 + len(piece) // 3]))
    content = random.Random(0).randbytes(2 * PIECE_BYTES + 5)
    assert await in_folder.read(await in_folder.put("acme", content, "a/b")) == content


@pytest.fixture
async def steps(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the disk, once the folders are there."""
    await Store(folder.settings, "asr").put("acme", bytes(PIECE_BYTES + 1), "a/b")
    seen: list[str] = []
    opening, fsync, rename = os.open, os.fsync, Path.rename

    def seen_open(path: Path, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT:
            seen.append(f"create in {path.parent.name}{', each write synced' if flags & os.O_SYNC == os.O_SYNC else ''}")
        return opening(path, flags, *mode)

    def seen_fsync(file: int) -> None:
        target = Path(f"/proc/self/fd/{file}").readlink()
        seen.append(f"fsync {'folder ' + target.name if target.is_dir() else 'file in ' + target.parent.name}")
        fsync(file)

    def seen_rename(path: Path, target: Path) -> Path:
        seen.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "open", seen_open)
    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(Path, "rename", seen_rename)
    return seen


async def test_a_durable_object_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_counts(
    folder: Folder, steps: list[str]
) -> None:
    await Store(Folder(folder.root, durable=True).settings, "asr").put("acme", bytes(PIECE_BYTES + 1), "a/b")
    assert steps == ["create in .incoming", "fsync file in .incoming", "rename", f"fsync folder {today()}"]


async def test_a_small_durable_object_is_on_the_disk_and_then_its_name(folder: Folder, steps: list[str]) -> None:
    await Store(Folder(folder.root, durable=True).settings, "asr").put("acme", b"a line", "a/b")
    assert steps == [f"create in {today()}, each write synced", f"fsync folder {today()}"]


@pytest.mark.parametrize("size_bytes", [10, 2 * PIECE_BYTES])
async def test_a_caller_who_goes_away_at_the_very_end_leaves_nothing(
    in_folder: Store, folder: Folder, monkeypatch: pytest.MonkeyPatch, size_bytes: int
) -> None:
    under_way, go_on = threading.Event(), threading.Event()
    close = os.close

    def slow_close(file: int) -> None:
        under_way.set()
        go_on.wait(10)
        close(file)

    monkeypatch.setattr(os, "close", slow_close)
    task = asyncio.create_task(in_folder.put("acme", bytes(size_bytes), "a/b"))
    await asyncio.to_thread(under_way.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert folder.paths() == set()


# --- names


@pytest.mark.parametrize("tenant", ["", "..", "a/b", "../x", "A", "a" * 64, "a\0", "a\n", ".incoming"])
async def test_a_tenant_cannot_leave_its_folder(in_folder: Store, folder: Folder, tenant: str) -> None:
    with pytest.raises(ValueError, match="tenant"):
        await in_folder.put(tenant, b"x", "a/b")
    assert folder.paths() == set()


@pytest.mark.parametrize("owner", ["", "..", "a/b", "A", "-a"])
def test_an_owner_cannot_leave_its_folder(owner: str) -> None:
    with pytest.raises(ValueError, match="own"):
        Store(StoreSettings(url="file:///nowhere"), owner)


@pytest.mark.parametrize("uri", ["setu://../../etc/passwd", "/etc/passwd", f"{GONE}\n", GONE.replace("acme", ".."), ""])
async def test_only_names_of_objects_are_deleted_or_read(in_folder: Store, uri: str) -> None:
    with pytest.raises(ValueError, match="names no object"):
        await in_folder.delete(uri)
    with pytest.raises(ValidationError):
        Reference(uri=uri, bytes=0, media_type="a/b")
    with pytest.raises(ValueError, match="names no object"):
        await in_folder.read(Reference.model_construct(uri=uri, bytes=0, media_type="a/b"))


@pytest.mark.parametrize("url", ["", "/var/lib", "file://", "file:///", "file://host/x", "s3://", "ftp://x/y"])
def test_a_url_that_is_no_place_for_objects_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SETU_STORE_URL"):
        Store(StoreSettings(url=url), "asr")


# --- what is not there


async def test_a_missing_object_is_said_to_be_missing(store: Store) -> None:
    gone = Reference(uri=GONE, bytes=1, media_type="a/b")
    with pytest.raises(ObjectMissing):
        await store.read(gone)
    with pytest.raises(ObjectMissing):
        await store.load(gone, Note)
    with pytest.raises(ObjectMissing):
        await anext(store.stream(gone))
    with pytest.raises(ObjectMissing) as caught:
        async with store.local_file(gone):
            pytest.fail("there is no such file")
    assert caught.value.problem().code == "object-missing"


async def test_deleting_removes_and_may_be_repeated(store: Store, place: Place) -> None:
    references = [await store.put("acme", bytes([value]), "a/b") for value in range(3)]
    await store.delete(references[0].uri, GONE, references[1].uri)
    await store.delete(references[0].uri)
    assert place.paths() == {references[2].path}


# --- readiness


async def test_a_store_that_can_be_written_is_ready(store: Store) -> None:
    await store.check()


async def test_a_store_whose_folder_cannot_be_made_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store(StoreSettings(url=f"file://{tmp_path}/file/store"), "asr")
    with pytest.raises(DependencyUnavailable, match="folder"):
        await store.check()
    with pytest.raises(DependencyUnavailable, match="folder"):
        await store.put("acme", b"x", "a/b")
