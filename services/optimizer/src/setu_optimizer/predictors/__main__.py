"""``python -m setu_optimizer.predictors list|rollback``, for where the `setu` command is not: in the optimizer's container."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from setu_common.errors import SetuError
from setu_common.settings import DatabaseSettings, StoreSettings
from setu_optimizer.predictors.desk import go_back, listed


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m setu_optimizer.predictors", description="Models of the optimizer at DATABASE_URL."
    )
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("list", help="the model that is asked, and those that were offered")
    commands.add_parser("rollback", help="ask the model again that was asked before this one")
    asked = parser.parse_args(arguments)
    database, store = DatabaseSettings(), StoreSettings()
    try:
        if asked.what == "list":
            for kept in asyncio.run(listed(database, store)):
                sys.stdout.write(f"{kept.state:12} {kept.name:32} {kept.verdict}\n")
        else:
            sys.stdout.write(f"{asyncio.run(go_back(database, store)).name} is asked now.\n")
    except SetuError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
