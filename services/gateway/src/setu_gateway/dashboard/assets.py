"""The dashboard's files, read once: names that change with their content, so that a browser may keep them for ever.

There is no build step. What ``static/`` holds is what a browser gets, but for ``PREFIX`` in the page, which becomes the path of this
version's files; modules name one another relatively.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from setu_common.contracts import LANGUAGE_NAMES
from setu_common.subtitles import PROFILES

ROOT: Final = "/dashboard"
PAGE: Final = "index.html"
FACTS: Final = "facts.js"
_PREFIX: Final = b"{prefix}"
_MODULES: Final = b"    <!-- modules -->\n"
_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent.

    Args:
        content: its bytes.
        media_type: what they are.
    """

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """Strong, with its quotes."""
        return f'"{sha256(self.content).hexdigest()[:32]}"'


@dataclass(frozen=True)
class Assets:
    """All files of one version.

    Args:
        version: made of all their contents.
        page: the one page.
        files: what it loads, by name.
    """

    version: str
    page: Asset
    files: Mapping[str, Asset]

    @property
    def prefix(self) -> str:
        """The path below which this version's files lie."""
        return f"{ROOT}/{self.version}"


def load_assets(auth: str) -> Assets:
    """Read the files.

    Args:
        auth: whether the gateway asks for keys, as its settings have it.
    """
    sources = {each.name: each.read_bytes() for each in files("setu_gateway.dashboard").joinpath("static").iterdir()}
    sources[FACTS] = f"export default {json.dumps(_facts(auth), ensure_ascii=False, sort_keys=True)};\n".encode()
    version = sha256(b"".join(name.encode() + sources[name] for name in sorted(sources))).hexdigest()[:16]
    page = sources.pop(PAGE).replace(_MODULES, _preloads(sources)).replace(_PREFIX, f"{ROOT}/{version}".encode())
    return Assets(
        version=version,
        page=Asset(page, _TYPES["html"]),
        files={name: Asset(content, _TYPES[name.rpartition(".")[2]]) for name, content in sources.items()},
    )


def _preloads(sources: Mapping[str, bytes]) -> bytes:
    """Have the browser fetch all modules at once, and not one after the other as they import each other."""
    names = sorted(name for name in sources if name.endswith(".js"))
    return b"".join(b'    <link rel="modulepreload" href="%b/%b">\n' % (_PREFIX, name.encode()) for name in names)


def _facts(auth: str) -> Mapping[str, object]:
    """What forms offer, and what the page must know before it asks for anything."""
    return {"auth": auth, "languages": LANGUAGE_NAMES, "profiles": list(PROFILES)}
