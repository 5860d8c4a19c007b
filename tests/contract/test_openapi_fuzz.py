"""Whatever is sent to a service, it answers as its OpenAPI document says, and never with a server error."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from testbed.serving import served

SERVICES = ["gateway", "asr", "translate"]
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.timeout(500)
@pytest.mark.parametrize("service", SERVICES)
def test_a_service_keeps_to_its_document_whatever_is_sent(service, service_environment, service_token, tmp_path):
    with served(f"setu_{service}.main", service_environment, tmp_path) as url:
        # Streams of events end with what they tell of. They are asked for first, while there is nothing to tell.
        fuzz(url, service_token.get_secret_value(), tmp_path, "--include-path-regex=/events$", "--phases=coverage,fuzzing")
        fuzz(url, service_token.get_secret_value(), tmp_path, "--exclude-path-regex=/events$")
    assert "request.crashed" not in (tmp_path / f"setu_{service}.main.log").read_text()


def fuzz(url: str, token: str, folder: Path, *options: str) -> None:
    """Run the fuzz from its command line, as people do."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{url}/openapi.json"]
    fuzzed = subprocess.run(
        [*command, f"--header=Authorization: Bearer {token}", "--no-color", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert fuzzed.returncode == 0, f"{fuzzed.stdout}\n{fuzzed.stderr}"
    assert re.search(r"\d\d+ generated", fuzzed.stdout), f"it tried next to nothing:\n{fuzzed.stdout}"
