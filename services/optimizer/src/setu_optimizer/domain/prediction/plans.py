"""Plans: of the way that was chosen, of none, and with a caller's wishes in them."""

from typing import Any

from setu_common.contracts import AsrOverrides, AsrPlan, Candidate


def candidate_of(plan: AsrPlan) -> Candidate:
    """The way that a plan names."""
    return Candidate(
        engine=plan.engine,
        model=plan.model,
        beam_size=plan.beam_size,
        batch_size=plan.batch_size,
        compute_type=plan.compute_type,
    )


def overridden(plan: AsrPlan, overrides: AsrOverrides) -> AsrPlan:
    """The plan with a caller's wishes in it. What was expected of the plan is left out of another; whoever knows better puts it back."""
    wishes: dict[str, Any] = {  # Any: values of every field's type
        name: value
        for name, value in overrides.model_dump(exclude_none=True).items()
        if name in AsrPlan.model_fields and value != getattr(plan, name)
    }
    if not wishes:
        return plan
    said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in wishes.items())
    explanation = f"{plan.explanation} The caller wants {said}.".strip()
    return plan.model_copy(
        update=wishes | {"source": "override", "explanation": explanation, "expected_wer": None, "expected_time_s": None}
    )
