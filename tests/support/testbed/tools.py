"""Programs that tests need and that Python packages do not bring."""

import os
import shutil
from typing import Final

import pytest

_NEEDS_ALL: Final = "TESTS_NEED_ALL_TOOLS"
_PACKAGES: Final = {"prometheus": "prometheus", "promtool": "prometheus", "chromium": "chromium"}


def tool(name: str) -> str:
    """Where a program is; without it the test is skipped, or fails where TESTS_NEED_ALL_TOOLS=1 says that all are there.

    Args:
        name: one of ``prometheus``, ``promtool``, ``chromium``.
    """
    found = shutil.which(name)
    if found is not None:
        return found
    missing = f"{name} is not installed: apt-get install --no-install-recommends {_PACKAGES[name]}"
    if os.environ.get(_NEEDS_ALL) == "1":
        pytest.fail(missing)
    pytest.skip(missing)
