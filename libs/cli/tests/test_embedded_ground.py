"""What the embedded stack stands on: homes, locks, identities, ports, logs and declarations."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from setu_cli.embedded.home import Home, HomeLock, is_free, lock_holder, wait_until_free
from setu_cli.embedded.identity import ProcessIdentity, identity_of, own_identity
from setu_cli.embedded.launch import Launch
from setu_cli.embedded.logfiles import bound, in_words, last_line, rotate, tail
from setu_cli.embedded.ports import free_port
from setu_cli.embedded.ports import is_free as port_is_free
from setu_cli.embedded.stack import Process, Stack, embedded_stack, models_of
from setu_cli.embedded.state import StackState, load_state, save_state


@pytest.fixture
def home(tmp_path: Path) -> Home:
    chosen = Home(tmp_path / "home")
    chosen.create()
    return chosen


@pytest.mark.parametrize(
    ("option", "environment", "expected"),
    [
        (None, {}, "here/.setu"),
        (None, {"SETU_HOME": "/elsewhere"}, "/elsewhere"),
        (Path("mine"), {"SETU_HOME": "/elsewhere"}, "here/mine"),
        (None, {"SETU_HOME": "~/setu"}, "~/setu"),
    ],
)
def test_a_home_is_the_option_else_the_setting_else_here(tmp_path, option, environment, expected):
    here = tmp_path / "here"
    assert Home.chosen(option, environment, here).folder == (tmp_path / Path(expected).expanduser())


def test_a_home_is_nobody_elses_to_read_and_never_committed(home):
    assert home.folder.stat().st_mode & 0o066 == 0
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in (home.logs, home.run, home.store))
    assert (home.folder / ".gitignore").read_text() == "*\n"


def test_a_folder_that_existed_keeps_its_permissions(tmp_path):
    tmp_path.chmod(0o755)
    Home(tmp_path).create()
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_only_one_can_have_the_lock_and_the_next_is_told_when_it_is_free(home):
    lock = HomeLock.take(home)
    assert lock is not None
    assert HomeLock.take(home) is None
    assert lock_holder(home) == own_identity()
    assert not wait_until_free(home, timeout_s=0.05)
    lock.release()
    assert is_free(home)
    assert wait_until_free(home, timeout_s=1)


def test_the_lock_is_held_as_long_as_any_heir_of_its_descriptor_lives(home):
    lock = HomeLock.take(home)
    assert lock is not None
    heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock.descriptor,))
    lock.release()
    assert not is_free(home)
    heir.communicate()
    assert is_free(home)


def test_a_pid_alone_is_no_identity():
    mine = own_identity()
    assert mine.alive()
    assert not ProcessIdentity(mine.pid, "another boot").alive()


def test_an_ended_process_that_is_not_reaped_yet_is_not_alive():
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert identity_of(process.pid) is None
    process.wait()


def test_ports_are_free_different_and_not_those_of_outgoing_connections():
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    taken: set[int] = set()
    for _ in range(20):
        port = free_port(taken)
        assert port not in taken
        assert port < first
        taken.add(port)


def test_a_port_is_not_free_while_someone_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not port_is_free(server.getsockname()[1])


def test_a_log_that_grows_is_emptied_in_place_and_its_end_is_kept(tmp_path):
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as writer:  # a process that has it open
        for number in range(2000):
            writer.write(f"line {number}\n".encode())
        bound(log, limit_bytes=1000)
        writer.write(b"after\n")
    assert log.read_text() == "after\n"
    assert tail(log, 3) == ["line 1998", "line 1999", "after"]
    assert len(tail(log, 10_000)) < 150
    rotate(log)
    assert not log.exists()
    assert tail(log, 1) == ["after"]


def test_a_small_log_is_left_alone(tmp_path):
    log = tmp_path / "api.log"
    log.write_text("one\n")
    bound(log)
    assert log.read_text() == "one\n"


def test_a_line_of_json_is_read_to_people_and_others_stay_as_they_are(tmp_path):
    line = '{"event": "model.loaded", "level": "info", "timestamp": "2026-01-02T03:04:05.678901Z", "model": "tiny", "cores": 2}'
    assert in_words(line) == "03:04:05.678 info    model.loaded model=tiny cores=2"
    assert in_words("plain [text]") == "plain [text]"
    assert in_words("[1, 2]") == "[1, 2]"
    (tmp_path / "x.log").write_text(f"{line}\n\n")
    assert last_line(tmp_path / "x.log") == "model.loaded model=tiny cores=2"


def test_a_state_that_cannot_be_read_is_no_state(home):
    home.state_file.write_text("{")
    assert load_state(home) is None
    home.state_file.write_text('{"supervisor_pid": 1}')  # of another version
    assert load_state(home) is None


def test_a_stack_that_needs_what_it_does_not_have_is_refused():
    launch = Launch("api", ("true",), {}, "/", "/dev/null")
    with pytest.raises(ValueError, match="api needs moon"):
        Stack((Process(launch, needs=("moon",)),), "", "", "", "")


def processes_of(home: Home, **environment: str) -> dict[str, Process]:
    return {process.name: process for process in embedded_stack(home, gateway_port=18080, environment=environment).processes}


def test_the_stack_gives_every_process_what_it_needs_to_find_the_others(home):
    found = processes_of(home, PATH="/bin")
    gateway = found["gateway-api"].launch.environment
    assert gateway["SETU_GATEWAY_ASR_URL"].endswith(f":{found['asr-api'].port}")
    assert gateway["SETU_GATEWAY_TRANSLATE_URL"].endswith(f":{found['translate-api'].port}")
    assert gateway["SETU_TRANSLATE_LLM_URL"] == f"http://127.0.0.1:{found['llm'].port}/v1"
    assert gateway["SETU_GATEWAY_ENHANCER_URL"].endswith(f":{found['enhancer-api'].port}")
    assert gateway["SETU_GATEWAY_OPTIMIZER_URL"].endswith(f":{found['optimizer-api'].port}")
    assert found["optimizer-worker"].launch.environment["SETU_OPTIMIZER_ASR_URL"] == gateway["SETU_GATEWAY_ASR_URL"]
    assert gateway["SETU_ENHANCER_LOCAL_URL"] == gateway["SETU_TRANSLATE_LLM_URL"]
    assert gateway["SETU_STORE_URL"] == home.store.as_uri()
    assert len({process.launch.environment.get("SETU_SERVICE_TOKEN") for process in found.values() if process.launch.nice}) == 1
    assert found["gateway-api"].port == 18080
    ports = [process.port for process in found.values() if process.port]
    assert len(set(ports)) == len(ports)
    assert set(found["asr-worker"].needs) == {"migrate", "postgres", "valkey"}
    assert found["asr-worker"].launch.nice == found["llm"].launch.nice == 10
    assert (
        found["asr-worker"].launch.environment["SETU_WORKER_READY_FILE"]
        != found["translate-worker"].launch.environment["SETU_WORKER_READY_FILE"]
    )


def test_servers_that_exist_are_used_and_none_is_started(home):
    found = processes_of(
        home, DATABASE_URL="postgresql://db/x", REDIS_URL="redis://cache", SETU_TRANSLATE_LLM_URL="http://llm/v1"
    )
    assert {"postgres", "valkey", "llm"} & set(found) == set()
    assert found["asr-api"].launch.environment["DATABASE_URL"] == "postgresql://db/x"
    assert found["asr-api"].needs == ("migrate",)
    assert found["enhancer-worker"].launch.environment["SETU_ENHANCER_LOCAL_URL"] == ""


def test_settings_of_the_services_are_passed_on(home):
    environment = {"SETU_ASR_MODEL": "whisper-small", "SETU_LOG_LEVEL": "DEBUG"}
    found = processes_of(home, **environment)["asr-worker"].launch.environment
    assert (found["SETU_ASR_MODEL"], found["SETU_LOG_LEVEL"]) == ("whisper-small", "DEBUG")
    assert models_of(environment) == ("whisper-small", "gemma3-270m")


def test_a_state_comes_back_as_it_was_saved(home):
    state = StackState.model_validate(
        {
            "supervisor_pid": 1, "supervisor_started": "x", "started_at": "2026-01-02T03:04:05Z", "ready": True, "gateway_url": "http://g",
            "service_token": "secret", "database_url": "postgresql://u:p@h/d", "redis_url": "redis://h", "models": ("m",),
            "processes": ({"name": "api", "pid": 5, "started": "y"},),
        }
    )  # fmt: skip
    save_state(home, state)
    assert load_state(home) == state
    assert home.state_file.stat().st_mode & 0o077 == 0
    assert "secret" not in repr(state)
