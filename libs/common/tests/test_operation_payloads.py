"""Payloads in rows and in the store."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from setu_common.contracts import Reference
from setu_common.operations.payloads import Payloads
from setu_common.settings import StoreSettings
from setu_common.store import ObjectMissing, Store

LIMIT_BYTES = 100


class Note(BaseModel):
    text: str = ""
    media: Reference | None = None
    parts: list[Reference] = []
    named: dict[str, Reference] = {}
    uri: str = ""


@pytest.fixture
def payloads(store_settings: StoreSettings) -> Payloads:
    return Payloads(Store(store_settings, "asr"), LIMIT_BYTES)


@pytest.fixture
def folder(store_settings: StoreSettings) -> Path:
    return Path(store_settings.url.removeprefix("file://"))


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def reference(owner: str, digit: str) -> Reference:
    return Reference(uri=f"setu://{owner}/acme/2026-01-02/{digit * 64}-{digit * 8}", bytes=3, media_type="audio/wav")


def text_of(size_bytes: int) -> Note:
    empty = len(Note().model_dump_json().encode())
    note = Note(text="x" * (size_bytes - empty))
    assert len(note.model_dump_json().encode()) == size_bytes
    return note


async def test_a_payload_up_to_the_limit_stays_in_its_row(payloads: Payloads, folder: Path):
    note = text_of(LIMIT_BYTES)
    content, objects, digest = await payloads.pack("acme", note)

    assert content == note.model_dump(mode="json")
    assert objects == []
    assert digest == hashlib.sha256(note.model_dump_json().encode()).hexdigest()
    assert files(folder) == []
    assert await payloads.unpack(content) == content


async def test_a_larger_payload_goes_to_the_store_and_comes_back(payloads: Payloads, folder: Path):
    note = text_of(LIMIT_BYTES + 1)
    content, [uri], digest = await payloads.pack("acme", note)

    assert list(content) == ["$object"]
    assert uri.startswith("setu://asr/acme/")
    assert Reference.model_validate(content["$object"]).sha256 == digest
    assert len(files(folder)) == 1
    assert Note.model_validate(await payloads.unpack(content)) == note


async def test_the_limit_counts_bytes_and_not_characters(payloads: Payloads):
    note = Note(text="ई" * 40)
    assert len(note.model_dump_json()) <= LIMIT_BYTES < len(note.model_dump_json().encode())

    content, _, _ = await payloads.pack("acme", note)

    assert list(content) == ["$object"]


async def test_a_text_with_a_nul_goes_to_the_store_since_postgres_has_no_text_for_it(payloads: Payloads):
    note = Note(text="\0")
    content, objects, _ = await payloads.pack("acme", note)

    assert "\0" not in str(content)
    assert len(objects) == 1
    assert Note.model_validate(await payloads.unpack(content)) == note


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None, derandomize=True)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=150))
async def test_whatever_goes_in_comes_out(payloads: Payloads, text: str):
    note = Note(text=text)
    content, objects, digest = await payloads.pack("acme", note)

    assert Note.model_validate(await payloads.unpack(content)) == note
    assert (await payloads.pack("acme", note))[2] == digest
    assert bool(objects) == ("$object" in content)


@pytest.mark.parametrize("inlined", [True, False])
async def test_a_row_keeps_alive_the_services_own_objects_that_it_names_and_no_others(
    store_settings: StoreSettings, inlined: bool
):
    payloads = Payloads(Store(store_settings, "asr"), 10_000 if inlined else 0)
    mine = [reference("asr", digit) for digit in "123"]
    others = [reference("gateway", "4"), reference("asrx", "5")]
    note = Note(media=mine[0], parts=[mine[1], others[0]], named={"a": mine[2], "b": others[1]})
    content, objects, _ = await payloads.pack("acme", note)

    whole = [] if inlined else [Reference.model_validate(content["$object"]).uri]
    assert sorted(objects) == sorted([*(each.uri for each in mine), *whole])


async def test_words_that_look_like_a_reference_keep_nothing_alive(payloads: Payloads):
    _, objects, _ = await payloads.pack("acme", Note(text="setu://asr/acme/2026-01-02/ab", uri="https://asr/"))
    assert objects == []


async def test_a_payload_that_was_erased_says_so(payloads: Payloads, store_settings: StoreSettings):
    content, objects, _ = await payloads.pack("acme", text_of(LIMIT_BYTES + 1))
    await Store(store_settings, "asr").delete(*objects)

    with pytest.raises(ObjectMissing):
        await payloads.unpack(content)
