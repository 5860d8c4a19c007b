"""Media made to do harm: each ends in its problem, within its limits, and neither touches nor leaves anything."""

import resource
import socket
import sys
from pathlib import Path

import pytest

from hostilemedia.files import LONGEST_S, Outside, hostile_media
from hostilemedia.making import sound
from hostilemedia.watching import Watch, watched
from setu_asr.engines.demux.order import Limits
from setu_asr.engines.demuxer import demux
from setu_asr.errors import UnusableMedia
from setu_asr.settings import read_settings
from setu_asr.worker import handlers
from setu_common.contracts import PROFILES, ProfileRequest, ProfileResult
from setu_common.errors import SetuError
from setu_common.sealed import watching
from setu_common.store import Store

NAMES = list(hostile_media(Outside("canary", "http://nowhere:1")))
POINTING = [
    name for name in NAMES if any(word in name for word in ("playlist", "manifest", "script", "QuickTime", "include", "refer"))
]
# Half of the memory that media get, and a tenth of the time, so that what is needed is seen to be far below what is allowed.
LIMITS = Limits(max_duration_s=LONGEST_S, memory_bytes=512 << 20, patience_s=2.0)


@pytest.fixture(scope="module")
def watch(tmp_path_factory):
    with watched(tmp_path_factory.mktemp("outside") / "canary", sound("wav", "pcm_s16le")) as watch:
        yield watch


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def placed(watch: Watch, name: str, folder: Path) -> tuple[Path, str]:
    """The file under its sender's name, and its problem."""
    hostile = hostile_media(watch.outside)[name]
    path = folder / hostile.file_name
    path.write_bytes(hostile.make())
    return path, hostile.code


def code_of(path: Path, scratch: Path) -> str:
    """The problem that a file ends in; empty if it is read."""
    try:
        decoded = demux(path, scratch, LIMITS, lambda _share: None)
    except UnusableMedia as problem:
        return problem.code
    assert decoded.recording.duration_s <= LONGEST_S
    assert decoded.track.isprintable()
    decoded.track.encode("utf-8")
    return ""


def test_there_are_enough_of_them_and_each_is_another():
    assert len(NAMES) == len(set(NAMES)) >= 25
    assert len(POINTING) >= 15


def test_the_watch_sees_who_opens_and_who_calls(watch):
    assert watch.touched() == []
    Path(watch.outside.path).read_bytes()
    port = int(watch.outside.url.rsplit(":", 1)[1])
    socket.create_connection(("127.0.0.1", port)).close()
    assert watch.touched() == ["opened canary.wav", "called"]


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_in_its_problem_and_nothing_outside_is_touched(watch, tmp_path, scratch, name):
    path, code = placed(watch, name, tmp_path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    assert code_of(path, scratch) == code
    assert watch.touched() == []
    assert list(scratch.iterdir()) == []
    spent_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert spent_s <= LIMITS.cpu_s(path.stat().st_size, LONGEST_S) + 1


UNSEALED = """
import sys
from setu_asr.engines.demux import process, sealing
sealing.seal = lambda *_: None
process.main(sys.argv[1:])
"""


@pytest.mark.parametrize("name", POINTING)
def test_nothing_outside_is_touched_even_by_a_process_that_could(watch, tmp_path, scratch, monkeypatch, name):
    """Two walls: the kernel lets the process open nothing, and the libraries are told to open nothing."""
    path, code = placed(watch, name, tmp_path)
    monkeypatch.setattr(watching, "command_of", lambda _module, order: (sys.executable, "-I", "-c", UNSEALED, order))
    assert code_of(path, scratch) == code
    assert watch.touched() == []


@pytest.fixture
def settings(store_settings, scratch, monkeypatch):
    monkeypatch.setenv("SETU_STORE_URL", store_settings.url)
    monkeypatch.setenv("SETU_ASR_SCRATCH_FOLDER", str(scratch))
    monkeypatch.setenv("SETU_ASR_MAX_DURATION_S", str(LONGEST_S))
    return read_settings()


async def test_through_the_worker_each_leaves_nothing_but_what_was_read(watch, settings, tmp_path, scratch, work):
    store, ended, kept = Store(settings.core.store, "gateway"), {}, set()
    folder = Path(settings.core.store.url.removeprefix("file://"))
    wanted = {name: hostile.code for name, hostile in list(hostile_media(watch.outside).items())[::3]}
    async with handlers(settings) as every:
        handler = {each.kind.name: each.handler for each in every}[PROFILES.name]
        for name in wanted:
            path, _ = placed(watch, name, tmp_path)
            reference = await store.put("local", path.read_bytes(), "application/octet-stream")
            try:
                result = await handler(ProfileRequest(media=reference, language="en"), work)
                assert isinstance(result, ProfileResult)
                ended[name] = ""
                kept.add(result.audio.sha256)
            except SetuError as problem:
                ended[name] = problem.code
    assert ended == wanted
    left = [path.name for path in (folder / "asr").rglob("*") if path.is_file()]
    assert {name.split("-")[0] for name in left} == kept
    assert len(left) == sum(code == "" for code in ended.values())
    assert list(scratch.iterdir()) == []
    assert watch.touched() == []
