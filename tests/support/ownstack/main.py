"""``python -m ownstack.main HOME MODULE:FUNCTION``: keep up what the function declares, as `setu up` does."""

import asyncio
import importlib
import os
import sys
from pathlib import Path

from setu_cli.embedded.home import Home
from setu_cli.embedded.running import Declare, StackRequest, keep_up
from setu_common.errors import SetuError
from testbed.ports import keep_apart
from toystack.stack import Silent


def main() -> None:
    """Keep it up; the gateway's port is a free one."""
    home, declared = sys.argv[1:]
    keep_apart(os.environ)
    module, _, function = declared.partition(":")
    declare: Declare = getattr(importlib.import_module(module), function)
    try:
        asyncio.run(keep_up(StackRequest(Home(Path(home)), 0, dict(os.environ), declare), Silent()))
    except SetuError as error:
        sys.exit(error.detail)


if __name__ == "__main__":
    main()
