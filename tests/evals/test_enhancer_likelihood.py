"""What the embedded model's probabilities are worth as a sign of meaning."""

import json
from types import SimpleNamespace

import httpx2
import pytest
from evals.enhancer.likelihood import Forced, sample, tell
from evals.enhancer.measures import apart, left_out


def serving(wayward=False):
    """A server whose tokens are words, each less likely by a nat for each that stands before it; it may write another."""

    def answer(request):
        asked = json.loads(request.content)
        if request.url.path == "/tokenize":
            return httpx2.Response(200, json={"tokens": [len(word) for word in asked["content"].split()]})
        ((token, _),) = asked["logit_bias"]
        told = {"id": -1 if wayward else token, "logprob": -float(len(asked["prompt"]))}
        return httpx2.Response(200, json={"completion_probabilities": [told]})

    return httpx2.AsyncClient(base_url="http://llama", transport=httpx2.MockTransport(answer))


def verdict(*, good, kind, gain, scene="a"):
    edit = SimpleNamespace(good=good, kind=kind, scene=SimpleNamespace(name=scene))
    return SimpleNamespace(edit=edit, gain=gain, why=())


async def test_a_text_is_forced_token_by_token_behind_what_comes_before_it():
    async with serving() as http:
        forced = Forced(http)
        assert await forced.of("one two", "three\nfour") == (-5.0, -2.5)
        assert await forced.of("one two", "three four") == (-5.0, -2.5)
    assert len(forced.known) == 1


async def test_a_server_that_writes_another_token_has_no_say():
    async with serving(wayward=True) as http:
        with pytest.raises(ValueError, match="wrote the token"):
            await Forced(http).of("one", "two")


def test_good_edits_those_of_another_meaning_and_broken_facts_are_drawn_alike():
    kinds = [(True, "name"), (False, "meaning"), (False, "negation"), (False, "comment")]
    found = sample([verdict(good=good, kind=kind, gain=0.0) for good, kind in kinds for _ in range(9)], 4)
    told = [(each.edit.good, each.edit.kind) for each in found]
    assert told == [kinds[0]] * 4 + [kinds[1]] * 4 + [kinds[2]] * 4


def test_a_sign_that_knows_is_told_from_one_that_does_not(capsys):
    chosen = [
        verdict(good=good, kind=kind, gain=1.0, scene=f"{number}")
        for number in range(10)
        for good, kind in ((True, "tone"), (False, "meaning"), (False, "number"))
    ]
    knows = [float(each.edit.good) + 0.01 * place for place, each in enumerate(chosen)]
    tell(chosen, {"knows": knows, "blind": [float(place % 7) for place in range(len(chosen))]})
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["knows", "1.00", "1.00"] in printed
    assert ["score", "by", "rules", "0.50", "0.50"] in printed
    assert ["rules", "and", "knows", "1.00", "1.00"] in printed


def test_what_is_said_of_a_scene_is_learned_from_others_however_many_cases_it_has_itself():
    scenes = ["0"] * 30 + ["1", "2", "3", "4"] * 4
    sign = [float(number % 2) for number in range(len(scenes))]
    good = [(value > 0) is not (scene == "0") for value, scene in zip(sign, scenes, strict=True)]
    told = left_out((sign,), good, scenes)[:30]
    assert (
        apart(
            [value for value, each in zip(told, sign, strict=False) if each],
            [value for value, each in zip(told, sign, strict=False) if not each],
        )
        == 1.0
    )
