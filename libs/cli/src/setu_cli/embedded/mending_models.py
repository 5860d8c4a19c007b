"""Which language models the enhancer is told to ask."""

from importlib.util import find_spec

from pydantic import ValidationError
from pydantic_settings import SettingsError

from setu_common.errors import InvalidRequest

_UNKNOWN = "extra_forbidden"


def mending_models() -> tuple[list[str], str]:
    """The names of those that can be asked, as this process's environment has them; and why others can't be, or what to set where there are none.

    Raises:
        InvalidRequest: the settings are wrong; no service that reads them would start.
    """
    if find_spec("setu_enhancer") is None:
        return [], ""
    from setu_common.llm import LlmSettings, keyed_providers, name_of  # noqa: PLC0415  (a client by itself has no services)

    try:
        keyed, why = keyed_providers(LlmSettings())
    except SettingsError as error:  # which does not say what the value is
        raise InvalidRequest(f"{error}; SETU_LLM_PROVIDERS has to be a JSON list, see docs/llm-providers.md") from None
    except ValidationError as error:
        wrong = "; ".join(_told(each["loc"], each["type"], each["msg"]) for each in error.errors(include_input=False))
        raise InvalidRequest(f"{wrong}; see docs/llm-providers.md") from None
    return [name_of(provider) for provider, _ in keyed], why


def _told(at: tuple[int | str, ...], kind: str, message: str) -> str:
    """What is wrong with a setting. An unknown key is not named: it may be a secret that stands in the wrong place."""
    if not at:
        return message
    setting, *path = at[:-1] if kind == _UNKNOWN and len(at) > 1 else at
    where = ".".join((f"SETU_LLM_{str(setting).upper()}", *map(str, path)))
    return f"{where} has an unknown key" if kind == _UNKNOWN else f"{where}: {message}"
