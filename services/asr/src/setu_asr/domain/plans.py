"""A plan, and what a caller wants done otherwise."""

from typing import Any, Final

from setu_asr.domain.hints import Hints
from setu_common.contracts import AsrOverrides, AsrPlan

# What a plan says of itself, which changes nothing of what is heard.
SAID: Final = frozenset({"expected_wer", "expected_time_s", "source", "explanation"})
_NAMES: Final = {"beam_size": "beam size", "batch_size": "batch size", "compute_type": "numbers", "redecode": "re-decoding"}


def overridden(plan: AsrPlan, overrides: AsrOverrides) -> AsrPlan:
    """The plan with a caller's wishes in it; it says what they changed.

    What was predicted of the plan's accuracy and time is true of the plan as it was, and is left out of another.
    """
    wishes: dict[str, Any] = {  # Any: values of every field's type
        name: value
        for name, value in overrides.model_dump(exclude_none=True).items()
        if name in AsrPlan.model_fields and value != getattr(plan, name)
    }
    said = [
        f"{_NAMES.get(name, name)} {_plain(value)} instead of {_plain(getattr(plan, name))}" for name, value in wishes.items()
    ]
    if overrides.prompt.strip():
        said.append("a prompt")
    if overrides.temperature is not None:
        said.append(f"temperature {overrides.temperature:g}")
    if not said:
        return plan
    explanation = f"{plan.explanation} The caller wants {', '.join(said)}.".strip()
    return plan.model_copy(
        update=wishes | {"source": "override", "explanation": explanation, "expected_wer": None, "expected_time_s": None}
    )


def alike(one: AsrPlan, other: AsrPlan) -> bool:
    """Whether both have the same heard."""
    return one.model_dump(exclude=set(SAID)) == other.model_dump(exclude=set(SAID))


def hints_of(overrides: AsrOverrides) -> Hints:
    """What the recogniser is told on top of its plan."""
    return Hints(prompt=" ".join(overrides.prompt.split()), temperature=overrides.temperature)


def _plain(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
