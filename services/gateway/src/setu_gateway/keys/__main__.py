"""``python -m setu_gateway.keys create|list|revoke``, for where the `setu` command is not: in the gateway's container."""

import argparse
import sys
from collections.abc import Sequence

from setu_common.errors import SetuError
from setu_common.settings import DatabaseSettings
from setu_gateway.keys.book import KeyBook
from setu_gateway.keys.key import USUAL, ApiKey, Scope


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the key itself is all that ``create`` writes to standard output."""
    asked = _parser().parse_args(arguments)
    book = KeyBook(DatabaseSettings())
    try:
        if asked.what == "create":
            key, text = book.create(asked.tenant, name=asked.name, scopes=asked.scope or USUAL, days=asked.days)
            sys.stdout.write(f"{text}\n")
            sys.stderr.write(f"{described(key)}\nIt is shown this once.\n")
        elif asked.what == "list":
            for key in book.listed(asked.tenant):
                sys.stdout.write(f"{described(key)}\n")
        else:
            sys.stdout.write(f"{described(book.revoke(asked.key))}\n")
    except SetuError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    return 0


def described(key: ApiKey) -> str:
    """A key in a line."""
    until = "" if key.expires_at is None else f", expires {key.expires_at:%Y-%m-%d %H:%M}"
    used = "never used" if key.last_used_at is None else f"last used {key.last_used_at:%Y-%m-%d %H}h"
    name = f" ({key.name})" if key.name else ""
    return f"setu_{key.prefix}  {key.tenant}{name}  {' '.join(key.scopes)}  {key.state}{until}, {used}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m setu_gateway.keys", description="API keys of the gateway at DATABASE_URL.")
    commands = parser.add_subparsers(dest="what", required=True)
    create = commands.add_parser("create", help="make a key; it is shown once")
    create.add_argument("tenant", help="whose requests it makes")
    create.add_argument("--name", default="", help="what it is for")
    create.add_argument("--scope", action="append", choices=[scope.value for scope in Scope], help="may be given several times")
    create.add_argument("--days", type=int, help="how long it is good (default: until it is revoked)")
    listed = commands.add_parser("list", help="all keys, or those of a tenant")
    listed.add_argument("tenant", nargs="?")
    commands.add_parser("revoke", help="make a key good for nothing").add_argument("key", help="its prefix")
    return parser


if __name__ == "__main__":
    sys.exit(main())
