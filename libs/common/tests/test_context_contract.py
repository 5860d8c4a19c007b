"""What may be said of a recording beforehand."""

import pytest
from pydantic import ValidationError

from setu_common.contracts import Character


def test_each_other_name_of_a_character_is_as_short_as_its_name():
    assert Character(name="Raj", aliases=("a" * 100, "b")).aliases == ("a" * 100, "b")
    with pytest.raises(ValidationError) as caught:
        Character(name="Raj", aliases=("b", "a" * 101))
    assert [(each["loc"], each["type"]) for each in caught.value.errors()] == [(("aliases", 1), "string_too_long")]
