"""The one kind of model that crosses a process boundary."""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """An immutable message; unknown fields are refused, so a misspelt one is an error and not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class View(Contract):
    """What a service answers. Fields that its reader does not know are left out, so that a newer service may say more."""

    model_config = ConfigDict(extra="ignore")
