"""The environment that tests see: no settings of the developer's own, no paid keys, no model hub."""

from collections.abc import MutableMapping

# Whatever pays, and whatever a settings block would read.
SCRUBBED_PREFIXES = (
    "SETU_",
    "DATABASE_",
    "REDIS_",
    "OTEL_",
    "OPENAI_",
    "ANTHROPIC_",
    "AWS_",
    "HF_",
    "HUGGING_FACE_",
    "HUGGINGFACE_",
)
SCRUBBED_SUFFIXES = ("_API_KEY", "_API_TOKEN")
# What tells of the terminal that the tests were started from: what is printed must not depend on it.
SCRUBBED_NAMES = ("COLUMNS", "LINES", "TERM", "FORCE_COLOR", "NO_COLOR")


def scrub(environment: MutableMapping[str, str]) -> None:
    """Take out of ``environment`` whatever could reach a paid service or a server that is not the tests' own."""
    for name in list(environment):
        if name.startswith(SCRUBBED_PREFIXES) or name.endswith(SCRUBBED_SUFFIXES) or name in SCRUBBED_NAMES:
            del environment[name]
    environment["HF_HUB_OFFLINE"] = "1"
    environment["HF_HUB_DISABLE_TELEMETRY"] = "1"
    environment["SETU_MODELS_OFFLINE"] = "true"
