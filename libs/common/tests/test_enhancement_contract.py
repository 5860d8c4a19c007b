"""What other teams send to have lines edited and scored, and what of it is refused."""

import pytest
from pydantic import ValidationError

from setu_common.contracts import LinesToEnhance, QualityRequest

LINE = {"index": 0, "start_s": 1.0, "end_s": 2.0, "source": "राज आया।", "draft": "King came."}
SCORED = {"source": "राज आया।", "text": "King came."}


def refused(contract, lines) -> str:
    with pytest.raises(ValidationError) as raised:
        contract.model_validate({"source_language": "hi", "target_language": "en", "lines": lines})
    return str(raised.value)


@pytest.mark.parametrize(
    ("contract", "line"),
    [
        (LinesToEnhance, LINE | {"draft": "King\x00came."}),
        (LinesToEnhance, LINE | {"source": "\x00"}),
        (QualityRequest, SCORED | {"text": "a\x00b"}),
        (QualityRequest, SCORED | {"reference": "a\x00b"}),
    ],
)
def test_what_no_subtitle_can_have_is_refused(contract, line):
    assert "Leave out the character U+0000" in refused(contract, [line])


@pytest.mark.parametrize(("contract", "line"), [(LinesToEnhance, LINE), (QualityRequest, SCORED)])
def test_a_line_that_ends_before_it_starts_is_refused(contract, line):
    assert "must not end before it starts" in refused(contract, [line | {"start_s": 5.0, "end_s": 1.0}])
    told = {"source_language": "hi", "target_language": "en", "lines": [line | {"start_s": 5.0, "end_s": 5.0}]}
    assert contract.model_validate(told).lines


def test_of_indices_that_do_not_grow_the_first_is_named():
    lines = [LINE | {"index": index} for index in (3, 7, 7, 1)]
    assert "that of lines.2 is 7, behind 7" in refused(LinesToEnhance, lines)
