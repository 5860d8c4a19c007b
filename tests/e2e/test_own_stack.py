"""The ground under these tests: a stack that a test owns does not outlive it."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from setu_cli.embedded.home import Home
from toystack.watching import alive, below, eventually

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(120)]

OWNER = """
import pathlib, signal, sys
from ownstack.effects import declare
from ownstack.stack import own_stack
with own_stack(declare, {}, pathlib.Path(sys.argv[1])) as stack:
    print(stack.home.folder, flush=True)
    signal.pause()
"""


def test_a_stack_ends_with_the_test_run_that_started_it_even_if_that_is_killed(tmp_path):
    support = str(Path(__file__).parents[1] / "support")
    search = os.pathsep.join(filter(None, [support, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": search}, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        started = below(owner.pid)
        assert len(started) > 8
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert eventually(lambda: not alive(started), 40), Home(folder).log("guardian").read_text()
    shutil.rmtree(folder.parent)  # whoever was to do it was killed
