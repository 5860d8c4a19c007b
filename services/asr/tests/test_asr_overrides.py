"""What a caller wants done otherwise is done, and the plan says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_asr.domain.capacity import at_once
from setu_asr.domain.hints import NO_HINTS, Hints
from setu_asr.domain.plans import hints_of, overridden
from setu_common.contracts import AsrOverrides, AsrPlan

PLAN = AsrPlan(beam_size=5, source="predicted", explanation="Clean speech.", expected_wer=0.1, expected_time_s=9.0)


def test_a_plan_that_nobody_overrides_stays_the_same():
    assert overridden(PLAN, AsrOverrides()) is PLAN
    assert overridden(PLAN, AsrOverrides(beam_size=5, prompt="  ")) is PLAN
    assert hints_of(AsrOverrides()) == NO_HINTS


def test_wishes_are_in_the_plan_and_said():
    plan = overridden(PLAN, AsrOverrides(beam_size=1, redecode=False, engine="whisperx", model="whisper-small"))
    assert (plan.beam_size, plan.redecode, plan.engine, plan.model) == (1, False, "whisperx", "whisper-small")
    assert (plan.batch_size, plan.compute_type) == (PLAN.batch_size, PLAN.compute_type)
    assert plan.source == "override"
    assert plan.explanation.startswith("Clean speech. The caller wants")
    assert "beam size 1 instead of 5" in plan.explanation
    assert "re-decoding off instead of on" in plan.explanation


def test_what_was_predicted_of_another_plan_is_not_claimed_of_this_one():
    plan = overridden(PLAN, AsrOverrides(batch_size=1))
    assert (plan.expected_wer, plan.expected_time_s) == (None, None)


def test_a_prompt_and_a_temperature_are_an_override_whose_words_are_not_in_the_plan():
    overrides = AsrOverrides(prompt=" Raj,\n Simran ", temperature=0.0)
    plan = overridden(PLAN, overrides)
    assert plan.source == "override"
    assert "temperature 0" in plan.explanation
    assert "Raj" not in plan.explanation
    assert hints_of(overrides) == Hints("Raj, Simran", 0.0)


@given(
    st.builds(
        AsrOverrides,
        beam_size=st.one_of(st.none(), st.integers(1, 20)),
        align=st.one_of(st.none(), st.booleans()),
        diarise=st.one_of(st.none(), st.booleans()),
        compute_type=st.sampled_from([None, "int8", "float32"]),
    )
)
def test_every_wish_is_heeded_and_nothing_else_changes(overrides):
    plan = overridden(PLAN, overrides)
    wishes = {name: value for name, value in overrides.model_dump(exclude_none=True).items() if name in AsrPlan.model_fields}
    told = plan.model_dump(exclude={"source", "explanation", "expected_wer", "expected_time_s"})
    assert told == {name: wishes.get(name, value) for name, value in PLAN.model_dump().items() if name in told}


@pytest.mark.parametrize(
    ("cores", "memory_gb", "model_mb", "processes"),
    [(2, 16, 145, 2), (16, 16, 145, 10), (16, 16, 3087, 1), (4, 0.5, 145, 1), (8, 64, 3087, 7)],
)
def test_there_is_a_process_a_core_unless_memory_runs_short(cores, memory_gb, model_mb, processes):
    assert at_once(cores, int(memory_gb * 1e9), int(model_mb * 1e6)) == processes
