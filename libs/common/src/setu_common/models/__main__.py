"""Get models before they are needed: ``python -m setu_common.models whisper-base …``. Any number of processes may do so at once."""

import sys

import structlog

from setu_common.errors import SetuError
from setu_common.models import Catalogue
from setu_common.observability import configure_logging
from setu_common.settings import LogSettings, ModelSettings

log = structlog.get_logger()


def main(names: list[str]) -> int:
    """Make sure that each model lies whole in the models folder; 1 if one does not."""
    configure_logging(LogSettings(), "models")
    catalogue = Catalogue.load(ModelSettings())
    for name in names:
        try:
            model = catalogue[name]
            catalogue.ensure(name)
        except SetuError as error:
            log.error("model.missing", model=name, detail=error.detail)  # noqa: TRY400  foreseen: the detail says what to do
            return 1
        log.info("model.here", model=name, licence=model.licence, terms=model.licence_url)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
