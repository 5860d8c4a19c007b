"""Circuits as operators see and command them."""

from typing import Literal

from pydantic import Field

from setu_common.contracts.contract import Contract, View

BreakerMode = Literal["auto", "open", "closed"]


class BreakerView(View):
    """A circuit. Counts are those of the process that answers, where it uses the circuit itself."""

    name: str
    state: Literal["closed", "open", "half-open"] | None = Field(
        default=None, description="In the process that answers, else as the last of the others said; absent if none did"
    )
    mode: BreakerMode = Field(description="auto: it rules itself; open, closed: an operator does")
    open_for_s: float | None = Field(default=None, description="Seconds until it is tried again")
    calls: int | None = Field(default=None, description="Attempts in the window")
    failed: int | None = Field(default=None, description="How many of them failed")
    slow: int | None = Field(default=None, description="How many of them were slow")
    shared: bool = Field(description="Whether other processes hear of orders now; if not, they will once Redis is back")


class BreakerList(View):
    """All circuits of all processes, by name."""

    breakers: tuple[BreakerView, ...]


class BreakerOrder(Contract):
    """What an operator wants of a circuit."""

    mode: BreakerMode
