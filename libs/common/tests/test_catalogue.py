"""The model catalogue: a model lies whole in its folder, or isn't used."""

import errno
import hashlib
import os
import shutil
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from setu_common.models import (
    Catalogue,
    HubSource,
    Model,
    ModelDamaged,
    ModelFile,
    ModelMissing,
    ModelsFolderFull,
    ModelsFolderUnusable,
    ModelUnavailable,
    SourceFailed,
    UnknownModel,
)
from setu_common.models.entries import PackageSource
from setu_common.settings import ModelSettings

CONTENT = {"model.bin": b"weights" * 1000, "config.json": b"{}"}


def source(name="one"):
    return HubSource(kind="hub", repository=name, revision="0" * 40)


def a_model(*sources, **content):
    files = content or CONTENT
    return Model(
        name="tiny",
        title="A model for tests",
        purpose="speech",
        licence="MIT",
        licence_url="https://example.invalid/licence",
        files=tuple(
            ModelFile(name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in files.items()
        ),
        sources=sources or (source(),),
    )


def lay(into, content=CONTENT):
    for name, data in content.items():
        (into / name).write_bytes(data)


class Shop:
    """A source of models that counts its customers."""

    def __init__(self, *deliveries):
        self.asked = []
        self._deliveries = list(deliveries)

    def __call__(self, source, model, into, on_bytes):
        self.asked.append(source.repository)
        delivery = self._deliveries.pop(0) if self._deliveries else CONTENT
        if isinstance(delivery, Exception):
            raise delivery
        on_bytes(10)
        lay(into, delivery)


def a_catalogue(folder, shop, model=None, *, offline=False):
    model = model or a_model()
    return Catalogue({model.name: model}, ModelSettings(folder=folder, offline=offline), shop)


def test_a_missing_model_is_fetched_once_and_then_found(tmp_path):
    shop = Shop()
    catalogue = a_catalogue(tmp_path / "models", shop)
    assert not catalogue.has("tiny")
    path = catalogue.ensure("tiny")
    assert {file.name: file.read_bytes() for file in path.iterdir() if file.name in CONTENT} == CONTENT
    assert catalogue.ensure("tiny") == path
    assert catalogue.has("tiny")
    assert shop.asked == ["one"]
    catalogue.verify("tiny")


def test_the_entry_file_is_handed_out_where_there_is_one(tmp_path):
    model = a_model().model_copy(update={"entry": "model.bin"})
    assert a_catalogue(tmp_path, Shop(), model).ensure("tiny") == tmp_path / "tiny" / "model.bin"


def test_progress_tells_bytes_and_what_it_raises_ends_the_work_without_a_trace(tmp_path):
    told = []
    catalogue = a_catalogue(tmp_path, Shop())
    catalogue.ensure("tiny", lambda done, whole: told.append((done, whole)))
    assert (10, sum(map(len, CONTENT.values()))) in told
    shutil.rmtree(tmp_path / "tiny")

    def give_up(_done, _whole):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        catalogue.ensure("tiny", give_up)
    assert not (tmp_path / "tiny").exists()
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_an_unknown_name_says_which_there_are(tmp_path):
    with pytest.raises(UnknownModel, match="tiny"):
        a_catalogue(tmp_path, Shop()).ensure("large")


@pytest.mark.parametrize(
    "delivery",
    [
        {"model.bin": CONTENT["model.bin"][:-1], "config.json": b"{}"},
        {"model.bin": b"x" * len(CONTENT["model.bin"]), "config.json": b"{}"},
        {"model.bin": CONTENT["model.bin"]},
    ],
    ids=["short", "other content", "a file missing"],
)
def test_what_comes_broken_is_not_used_and_the_next_source_is_asked(tmp_path, delivery):
    shop = Shop(delivery)
    catalogue = a_catalogue(tmp_path, shop, a_model(source("one"), source("two")))
    assert (catalogue.ensure("tiny") / "model.bin").read_bytes() == CONTENT["model.bin"]
    assert shop.asked == ["one", "two"]


def test_when_every_source_fails_each_reason_is_told_with_the_way_out_and_nothing_is_left(tmp_path):
    shop = Shop(SourceFailed("it is closed"), {"model.bin": b"short"})
    catalogue = a_catalogue(tmp_path, shop, a_model(source("one"), source("two")))
    with pytest.raises(ModelUnavailable) as failure:
        catalogue.ensure("tiny")
    assert "it is closed" in failure.value.detail
    assert "5 bytes instead of 7000" in failure.value.detail
    assert str(tmp_path / "tiny") in failure.value.detail
    assert failure.value.retryable
    assert not (tmp_path / "tiny").exists()
    assert list((tmp_path / ".incoming").iterdir()) == []
    assert catalogue.ensure("tiny").is_dir()


def test_offline_a_missing_model_says_which_files_to_put_where_and_nobody_is_asked(tmp_path):
    shop = Shop()
    catalogue = a_catalogue(tmp_path, shop, offline=True)
    with pytest.raises(ModelMissing) as failure:
        catalogue.ensure("tiny")
    assert "model.bin, config.json" in failure.value.detail
    assert str(tmp_path / "tiny") in failure.value.detail
    assert not failure.value.retryable
    assert shop.asked == []


def test_files_put_there_by_hand_are_verified_and_used(tmp_path):
    shop = Shop()
    (tmp_path / "tiny").mkdir()
    lay(tmp_path / "tiny")
    assert a_catalogue(tmp_path, shop, offline=True).ensure("tiny") == tmp_path / "tiny"
    assert shop.asked == []


def test_files_put_there_by_hand_that_are_not_the_model_are_not_used(tmp_path):
    (tmp_path / "tiny").mkdir()
    lay(tmp_path / "tiny", CONTENT | {"model.bin": b"x" * 7000})
    with pytest.raises(ModelMissing):
        a_catalogue(tmp_path, Shop(), offline=True).ensure("tiny")


def truncate(file):
    file.write_bytes(file.read_bytes()[:100])


def overwrite(file):
    file.write_bytes(b"x" * file.stat().st_size)


@pytest.mark.parametrize("damage", [truncate, overwrite, Path.unlink])
def test_a_model_that_was_damaged_since_is_replaced_on_the_next_use(tmp_path, damage):
    shop = Shop()
    catalogue = a_catalogue(tmp_path, shop)
    file = catalogue.ensure("tiny") / "model.bin"
    damage(file)
    assert not catalogue.has("tiny")
    with pytest.raises(ModelDamaged, match=r"model\.bin"):
        catalogue.verify("tiny")
    catalogue.ensure("tiny")
    assert file.read_bytes() == CONTENT["model.bin"]
    assert shop.asked == ["one", "one"]
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_a_model_that_was_only_touched_is_read_again_and_not_fetched(tmp_path):
    shop = Shop()
    catalogue = a_catalogue(tmp_path, shop)
    os.utime(catalogue.ensure("tiny") / "model.bin")
    assert not catalogue.has("tiny")
    catalogue.ensure("tiny")
    assert catalogue.has("tiny")
    assert shop.asked == ["one"]


@pytest.mark.parametrize("manifest", ["", "{", '{"name": "tiny"}', None])
def test_a_manifest_that_was_never_finished_is_no_manifest(tmp_path, manifest):
    shop = Shop()
    catalogue = a_catalogue(tmp_path, shop)
    file = catalogue.ensure("tiny") / "setu-model.json"
    file.unlink() if manifest is None else file.write_text(manifest)
    (tmp_path / "tiny" / "config.json").write_bytes(b"[]")
    assert not catalogue.has("tiny")
    assert (catalogue.ensure("tiny") / "config.json").read_bytes() == b"{}"


def test_a_model_of_an_older_catalogue_is_replaced(tmp_path):
    a_catalogue(tmp_path, Shop()).ensure("tiny")
    newer = CONTENT | {"config.json": b'{"version": 2}'}
    catalogue = a_catalogue(tmp_path, Shop(newer), a_model(**newer))
    assert (catalogue.ensure("tiny") / "config.json").read_bytes() == newer["config.json"]


def test_many_threads_fetch_a_model_once(tmp_path):
    shop, paths = Shop(), []
    catalogues = [a_catalogue(tmp_path, shop) for _ in range(8)]
    threads = [
        threading.Thread(target=lambda catalogue=catalogue: paths.append(catalogue.ensure("tiny"))) for catalogue in catalogues
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths == [tmp_path / "tiny"] * 8
    assert shop.asked == ["one"]


def test_who_waits_for_another_that_downloads_can_give_up(tmp_path):
    entered, leave = threading.Event(), threading.Event()

    def slow(source, model, into, on_bytes):
        entered.set()
        leave.wait(30)
        lay(into)

    downloading = threading.Thread(target=a_catalogue(tmp_path, slow).ensure, args=("tiny",))
    downloading.start()
    assert entered.wait(10)

    def give_up(done, _whole):
        raise KeyError(done)

    try:
        with pytest.raises(KeyError):
            a_catalogue(tmp_path, Shop()).ensure("tiny", give_up)
    finally:
        leave.set()
        downloading.join()
    assert a_catalogue(tmp_path, Shop()).has("tiny")


def test_a_disk_that_fills_up_under_way_is_said_so_and_leaves_nothing(tmp_path):
    catalogue = a_catalogue(tmp_path, Shop(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(ModelsFolderFull, match="SETU_MODELS_FOLDER"):
        catalogue.ensure("tiny")
    assert list((tmp_path / ".incoming").iterdir()) == []
    assert catalogue.ensure("tiny").is_dir()


def test_too_small_a_disk_is_known_before_anything_is_fetched(tmp_path):
    shop = Shop()
    huge = a_model().model_copy(update={"files": (ModelFile(name="model.bin", bytes=1 << 60, sha256="0" * 64),)})
    with pytest.raises(ModelsFolderFull):
        a_catalogue(tmp_path, shop, huge).ensure("tiny")
    assert shop.asked == []


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "models").write_text("a file stands in the way")
    with pytest.raises(ModelsFolderUnusable, match="SETU_MODELS_FOLDER"):
        a_catalogue(tmp_path / "models", Shop()).ensure("tiny")


def test_leftovers_of_killed_processes_are_swept_by_the_next_that_fetches(tmp_path):
    leftover = tmp_path / ".incoming" / "tiny-@abc"
    others = tmp_path / ".incoming" / "tiny-turbo-@abc"
    leftover.mkdir(parents=True)
    others.mkdir()
    (leftover / "model.bin").write_bytes(b"half")
    a_catalogue(tmp_path, Shop()).ensure("tiny")
    assert not leftover.exists()
    assert others.exists()


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", ".hidden", "a/../../b", ""])
def test_a_catalogue_cannot_name_files_outside_its_folder(name):
    with pytest.raises(ValidationError):
        ModelFile(name=name, bytes=1, sha256="0" * 64)


def test_the_real_catalogue_is_coherent():
    catalogue = Catalogue.load(ModelSettings(folder=Path("unused")))
    assert {"whisper-base", "whisper-tiny.en", "gemma3-270m", "whisper-large-v3", "speech-samples"} <= set(catalogue.names())
    for name in catalogue.names():
        model = catalogue[name]
        assert model.licence
        assert model.licence_url.startswith("https://")
        for where in model.sources:
            if isinstance(where, PackageSource):
                assert all(len(requirement.sha256) == 64 for requirement in where.requirements)
