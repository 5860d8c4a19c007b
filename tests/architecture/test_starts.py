"""What a process of ours does before it does anything: each second of it is every user's, a dozen times a stack."""

import json
import subprocess
import sys

WORKERS = (
    "setu_asr.worker",
    "setu_translate.worker",
    "setu_enhancer.worker",
    "setu_optimizer.worker",
    "setu_optimizer.learning_worker",
    "setu_gateway.worker",
    "setu_gateway.fetch_worker",
)
# What serves HTTP, and what is heavy and loaded by whoever turns out to need it.
NOT_AT_A_WORKERS_START = {
    "fastapi", "uvicorn", "limits", "alembic", "anthropic", "genai_prices", "faster_whisper", "ctranslate2", "onnxruntime", "av",
    "huggingface_hub", "tokenizers", "transformers", "sklearn", "pandas", "matplotlib", "typer",
}  # fmt: skip


def run(*arguments: str) -> str:
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout


def test_workers_start_without_what_they_may_never_need():
    imported = run("-c", f"import json, sys, {', '.join(WORKERS)}; print(json.dumps([*sys.modules]))")
    assert {name for name in json.loads(imported) if "." not in name} & NOT_AT_A_WORKERS_START == set()


def test_a_process_of_ours_looks_for_garbage_less_often_and_one_that_only_imports_us_as_before(tmp_path):
    shown = "import gc, setu_asr; print(gc.get_threshold()[0])"
    usual = int(run("-c", "import gc; print(gc.get_threshold()[0])"))
    assert int(run("-c", shown)) == usual
    (tmp_path / "__init__.py").write_text("import setu_asr\n")
    (tmp_path / "shown.py").write_text("import gc\nprint(gc.get_threshold()[0])\n")
    code = f"import runpy, sys; sys.path.insert(0, {str(tmp_path.parent)!r}); sys.argv = ['-m']; runpy.run_module('{tmp_path.name}.shown')"
    assert int(run("-c", code)) > 10 * usual


def test_a_process_that_has_settled_looks_for_garbage_only_among_what_came_since():
    code = """
import gc, setu_asr.worker
from setu_common.starting import settle
before = len(gc.get_objects())
settle()
print(before, len(gc.get_objects()))
"""
    before, after = map(int, run("-c", code).split())
    assert before > 50_000 > 10 * after
