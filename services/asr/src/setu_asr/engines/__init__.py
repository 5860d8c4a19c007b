"""What touches files, models and vendors' libraries."""

import os

# ONNX Runtime, which finds speech for faster-whisper, sends its maker events over HTTPS and keeps an id of the machine, unless it is told
# not to before it is imported (onnxruntime/Privacy.md). Nothing outside this package imports it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
