"""Libraries that the asr service computes with tell their makers nothing."""

import os
import subprocess
import sys

FINDS_SPEECH = """
import setu_asr.engines.speech
from faster_whisper import vad
vad.get_vad_model()
"""


def test_onnx_runtime_makes_no_id_of_the_machine_and_no_events_to_send(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", FINDS_SPEECH],
        env=environment | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert [*tmp_path.rglob("*onnxruntime*")] == []
