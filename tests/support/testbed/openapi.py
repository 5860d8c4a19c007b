"""The services' OpenAPI documents, as files: ``python -m testbed.openapi docs/openapi`` (`make openapi`)."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fastapi import FastAPI

import setu_asr.app
import setu_asr.settings
import setu_enhancer.app
import setu_enhancer.settings
import setu_gateway.app
import setu_gateway.settings
import setu_metrics.app
import setu_metrics.settings
import setu_optimizer.app
import setu_optimizer.settings
import setu_translate.app
import setu_translate.settings


def apps() -> Iterator[FastAPI]:
    """Make each service's app as its entry point does; settings come from the environment."""
    yield setu_gateway.app.make_app(setu_gateway.settings.read_settings())
    yield setu_asr.app.create_api(setu_asr.settings.read_settings(), setu_asr.settings.read_trust())
    yield setu_translate.app.create_api(setu_translate.settings.read_settings(), setu_translate.settings.read_trust())
    yield setu_enhancer.app.create_api(setu_enhancer.settings.read_settings(), setu_enhancer.settings.read_trust())
    yield setu_optimizer.app.create_api(setu_optimizer.settings.read_settings(), setu_optimizer.settings.read_trust())
    yield setu_metrics.app.create_api(setu_metrics.settings.read_settings(), setu_metrics.settings.read_trust())


def documents() -> dict[str, str]:
    """Return each document as text, by the name of its service."""
    found = {}
    for app in apps():
        document = app.openapi()
        name = document["info"]["title"].removeprefix("Setu ")
        found[name] = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return found


def environment(folder: Path) -> dict[str, str]:
    """Return what has to be set for apps that are made and never served; the gateway's document shows what each route's key must be for."""
    return {
        "SETU_SERVICE_TOKEN": "never-served-never-served",
        "SETU_STORE_URL": f"file://{folder}",
        "SETU_GATEWAY_AUTH": "keys",
    }


def main() -> None:
    """Write the documents into the folder that is named on the command line."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(environment(Path(folder)))
        for name, text in documents().items():
            (target / f"{name}.json").write_text(text)


if __name__ == "__main__":
    main()
