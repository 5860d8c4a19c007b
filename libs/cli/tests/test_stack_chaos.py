"""A stack that is killed, at any moment, by whatever means, leaves nothing behind and can be started again."""

import os
import signal
import time

import psutil
import pytest

from setu_cli.embedded.state import ProcessStage, load_state
from toystack.watching import alive, below, eventually

pytestmark = pytest.mark.chaos


def test_kill_9_of_the_supervisor_leaves_nothing(toy):
    state = toy.up()
    started = below(state.supervisor_pid)
    assert len(started) > 8  # guardian, Postgres and its processes, Valkey, the API, the worker and its two children
    toy.kill()
    assert toy.left() == []
    assert alive(started) == []
    # Postgres was shut down, not torn down: it needs no recovery.
    assert "database system is shut down" in toy.home.log("postgres").read_text()


@pytest.mark.parametrize("after_s", [0.15, 0.3, 0.45, 0.7, 1.0, 1.4])
def test_kill_9_while_it_is_still_starting_leaves_nothing(toy, after_s):
    process = toy.start()
    time.sleep(after_s)
    started = below(process.pid)
    toy.kill()
    assert toy.left() == []
    assert alive(started) == []


def test_what_was_killed_can_be_started_again_and_says_that_it_was_killed(toy):
    toy.up()
    toy.kill()
    assert load_state(toy.home) is not None  # stale
    state = toy.up()  # waits until the first one is cleaned up
    assert state.all_settled
    toy.processes[-1].terminate()
    assert "had been killed" in toy.processes[-1].communicate()[1]
    assert load_state(toy.home) is None


def test_kill_9_of_the_guardian_takes_the_stack_down_and_says_so(bare_toy):
    state = bare_toy.up()
    (guardian,) = psutil.Process(state.supervisor_pid).children()
    started = below(guardian.pid)
    assert len(started) == 5  # the fork server, the API, the worker and its two children
    guardian.kill()
    assert "guardian was killed" in bare_toy.processes[-1].communicate(timeout=20)[1]
    assert alive(started) == []


def test_leftovers_of_a_stack_whose_guardian_died_with_it_are_ended_by_the_next_up(bare_toy):
    state = bare_toy.up()
    (guardian,) = psutil.Process(state.supervisor_pid).children()
    api, worker = bare_toy.pid("api"), bare_toy.pid("worker")
    os.kill(worker, signal.SIGSTOP)  # so that it can't heed the signal that the kernel sends
    strays = [process.pid for process in psutil.Process(worker).children()]
    os.kill(state.supervisor_pid, signal.SIGSTOP)
    guardian.kill()
    bare_toy.kill()
    assert eventually(lambda: not psutil.pid_exists(api))
    assert psutil.pid_exists(worker)
    bare_toy.up()
    assert alive([worker]) == []
    bare_toy.processes[-1].terminate()
    assert "1 of its processes" in bare_toy.processes[-1].communicate()[1]
    for pid in strays:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


def test_servers_and_services_that_die_are_started_again(toy):
    toy.up()
    before = {name: toy.pid(name) for name in ("postgres", "valkey", "api", "worker")}
    orphans = below(before["worker"])
    assert len(orphans) == 2
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def all_back():
        state = toy.state()
        return state.all_settled and all(state.process(name).restarts for name in before)

    assert eventually(all_back, 20), toy.state()
    assert all(toy.pid(name) != pid for name, pid in before.items())
    assert alive(orphans) == []


def test_what_is_forked_is_a_process_like_any_other(bare_toy):
    state = bare_toy.up()
    (guardian,) = psutil.Process(state.supervisor_pid).children()
    worker = psutil.Process(bare_toy.pid("worker"))
    assert worker.ppid() == guardian.pid
    assert " ".join(worker.cmdline()).split()[1:] == ["-P", "-m", "toystack.processes", "worker"]
    assert (os.getpgid(worker.pid), os.getsid(worker.pid)) == (worker.pid, worker.pid)
    assert worker.cwd() == str(bare_toy.home.folder)
    assert {file.path for file in worker.open_files()} == {str(bare_toy.home.log("worker"))}
    assert worker.net_connections("all") == []  # nothing of the fork server's
    environment = (bare_toy.home.folder / "environment").read_text().splitlines()
    assert "SETU_WORKER_READY_FILE" in environment
    assert "ONLY_FOR_THE_FORK_SERVER" not in environment


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_without_its_fork_server_a_stack_goes_on_and_starts_processes_by_their_commands(bare_toy, number):
    state = bare_toy.up()
    (guardian,) = psutil.Process(state.supervisor_pid).children()
    (server,) = (child for child in guardian.children() if "setu_cli.embedded.forkserver" in child.cmdline())
    server.send_signal(number)
    before = bare_toy.pid("api")
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: bare_toy.pid("api") != before and bare_toy.state().all_settled, 20)
    assert "without the fork server" in bare_toy.home.log("guardian").read_text()
    assert state.process("worker") == bare_toy.state().process("worker")


def test_a_fork_server_that_cannot_be_started_costs_nothing_but_time(bare_toy):
    bare_toy.home.log("forkserver").mkdir(parents=True)
    bare_toy.up()
    assert "without the fork server" in bare_toy.home.log("guardian").read_text()


def test_a_worker_that_hangs_is_started_again(bare_toy):
    bare_toy.up()
    before = bare_toy.pid("worker")
    os.utime(bare_toy.home.run / "worker.ready", (0, 0))
    assert eventually(lambda: bare_toy.pid("worker") != before and bare_toy.state().all_settled, 40)


def test_down_leaves_nothing_and_says_so_once(toy, run):
    state = toy.up()
    started = below(state.supervisor_pid)
    assert run("status", "--home", toy.home.folder).exit_code == 0
    stopped = run("down", "--home", toy.home.folder)
    assert stopped.exit_code == 0
    assert "Stopped" in stopped.output
    assert toy.left() == []
    assert alive(started) == []
    assert "No stack is running" in run("down", "--home", toy.home.folder).output
    assert "setu up" in run("status", "--home", toy.home.folder).output


def test_sigterm_is_as_good_as_down(bare_toy):
    bare_toy.up()
    bare_toy.processes[-1].terminate()
    assert bare_toy.processes[-1].wait(20) == 0
    assert bare_toy.left() == []
    assert load_state(bare_toy.home) is None


@pytest.mark.parametrize("after_s", [0.3, 0.8])
def test_interrupted_while_it_is_still_starting_it_stops_in_order(toy, after_s):
    process = toy.start()
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) in (0, -signal.SIGINT)  # the latter before it has begun at all
    assert toy.left() == []
    assert load_state(toy.home) is None


def test_a_process_that_cannot_start_ends_the_stack_with_its_last_words(bare_toy):
    bare_toy.kind = "broken"
    assert "the moon is missing" in (said := bare_toy.start().communicate(timeout=20)[1])
    assert "api could not be started" in said
    assert bare_toy.left() == []


def test_a_migration_that_fails_ends_the_stack_before_services_start(bare_toy):
    bare_toy.kind = "failing-migration"
    assert "no such column: moon" in bare_toy.start().communicate(timeout=20)[1]
    assert not bare_toy.home.log("api").exists()
    assert bare_toy.left() == []


def test_everything_in_the_state_is_for_its_owner_alone(bare_toy, run):
    state = bare_toy.up()
    assert bare_toy.home.state_file.stat().st_mode & 0o077 == 0
    assert state.process("api").stage is ProcessStage.READY
    assert state.process("migrate").stage is ProcessStage.DONE
    shown = run("status", "--home", bare_toy.home.folder, "--json").output
    assert state.service_token.get_secret_value() not in shown
