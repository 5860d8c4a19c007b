"""What a trial has shown: differences on the same lines, with the range that chance leaves."""

import json
from decimal import Decimal
from random import Random

import pytest

from setu_common.contracts import EnhancedTranscript, Enhancement, QualityScore, TriedEdit
from setu_enhancer.auditing.__main__ import main
from setu_enhancer.auditing.comparison import FEWEST_SCENES, compare
from setu_enhancer.auditing.rating import mean_ratings, read_ratings, sample_csv


def score(total: float) -> QualityScore:
    return QualityScore(total=total, accuracy=total, fluency=total, consistency=total, cultural=total, confidence=0.5)


def line(
    index: int, usual: float, tried: float | None, *, scene: int | None = None, film: str = "", provider="vendor", **of_tried
) -> Enhancement:
    """A line whose usual edit is kept and has a score, and whose tried one has another, or none is tried."""
    beside = {
        "scene": f"{film}{index // 3 if scene is None else scene}",
        "offered": f"tried {index}",
        "text": f"tried {index}",
        "gain": (tried or 0.0) - 40.0,
        "usual_gain": usual - 40.0,
        "usual_cost_usd": Decimal("0.001"),
        "provider": "other",
        "model": "m-2",
        "prompt": "hi-en@5+b",
        "cost_usd": Decimal("0.002"),
    }
    return Enhancement(
        segment_index=index,
        source=f"बात {index}",
        draft=f"draft {index}",
        text=f"edit {index}",
        changed=True,
        offered=f"edit {index}",
        score_before=score(40.0),
        score_after=score(usual),
        provider=provider,
        model="m-1" if provider else "",
        cost_usd=Decimal("0.001"),
        tried=TriedEdit(**{**beside, **of_tried}) if tried is not None else None,
    )


def audit(*lines: Enhancement, prompt: str = "hi-en@4+a") -> EnhancedTranscript:
    return EnhancedTranscript(source_language="hi", target_language="en", prompt=prompt, glossary_sha256="", lines=lines)


def noisy(shift: float, scenes: int, seed: int = 7, *, film: str = "", ties: float = 0.0) -> EnhancedTranscript:
    """Lines whose tried edits are better by so much, and by chance by more or less; so many scenes have no difference at all."""
    random = Random(seed)
    same = [random.random() < ties for _ in range(scenes)]
    return audit(
        *(
            line(index, 70.0, 70.0 if same[index // 3] else 70.0 + shift + random.gauss(0, 3), film=film)
            for index in range(scenes * 3)
        )
    )


@pytest.mark.parametrize(
    ("shift", "verdict"), [(4.0, "tried is better"), (-4.0, "tried is worse"), (0.0, "no difference is shown")]
)
def test_a_difference_is_shown_where_chance_does_not_make_it(shift, verdict):
    (found,) = compare({"a": noisy(shift, 30)})
    assert found.by_score.verdict == verdict
    assert found.by_score.between is not None
    low, high = found.by_score.between
    assert low < found.by_score.mean < high
    assert (found.by_score.lines, found.by_score.scenes) == (90, 30)
    assert low < shift < high
    assert compare({"a": noisy(shift, 30)}) == [found]


@pytest.mark.parametrize("ties", [0.0, 0.5])
def test_of_no_difference_seldom_one_is_shown(ties):
    """Seeds are what they are: with 5 % each 4 of 80 are expected, and 10 or more in one of 150 such tests."""
    shown = [
        compare({"a": noisy(0.0, 20, seed, ties=ties)})[0].by_score.verdict != "no difference is shown" for seed in range(80)
    ]
    assert sum(shown) < 10


def test_lines_of_one_scene_are_alike_and_count_as_one():
    lines = [line(index, 70.0, 74.0 if index < 120 else 66.0, scene=index // 10) for index in range(240)]
    apart = [line(index, 70.0, 74.0 if index < 120 else 66.0, scene=index) for index in range(240)]

    def breadth(audited: EnhancedTranscript) -> float:
        (found,) = compare({"a": audited})
        assert found.by_score.between is not None
        return found.by_score.between[1] - found.by_score.between[0]

    assert breadth(audit(*lines)) > 2 * breadth(audit(*apart))


def test_of_few_scenes_no_range_is_told():
    (found,) = compare({"a": noisy(9.0, FEWEST_SCENES - 1)})
    assert (found.by_score.verdict, found.by_score.between) == ("too few scenes", None)
    (found,) = compare({"a": noisy(9.0, 10, film="a"), "b": noisy(9.0, 10, seed=8, film="b")})
    assert (found.by_score.scenes, found.by_score.verdict) == (20, "tried is better")


def test_the_same_scene_in_two_audits_is_one():
    (found,) = compare({"a": noisy(9.0, 12), "again": noisy(9.0, 12)})
    assert (found.by_score.lines, found.by_score.scenes, found.by_score.verdict) == (72, 12, "too few scenes")


def test_both_sides_are_told_with_what_they_cost():
    (found,) = compare({"a": audit(line(0, 80.0, 70.0), line(1, 60.0, 40.0, text="draft 1"), line(2, 60.0, None))})
    assert (found.usual.model, found.usual.prompt, found.tried.model, found.tried.prompt) == (
        "m-1",
        "hi-en@4+a",
        "m-2",
        "hi-en@5+b",
    )
    assert (found.usual.gained, found.tried.gained) == (1.0, 0.5)
    assert (found.usual.mean_gain, found.tried.mean_gain) == (30.0, 15.0)
    assert (found.usual.cost_usd, found.tried.cost_usd) == (Decimal("0.002"), Decimal("0.004"))
    assert (found.by_score.better, found.by_score.worse, found.by_score.mean) == (0, 2, -15.0)
    assert found.by_people is None


def test_the_same_text_is_no_difference_however_it_was_judged():
    (found,) = compare({"a": audit(line(0, 80.0, 60.0, text="edit 0"), line(1, 80.0, 81.0))})
    assert (found.by_score.better, found.by_score.worse, found.by_score.mean) == (1, 0, 0.5)


def test_edits_that_were_scored_in_different_ways_are_left_out_and_counted():
    (found,) = compare({"a": audit(line(0, 80.0, 70.0), line(1, 80.0, 10.0, comparable=False))})
    assert (found.by_score.lines, found.left_out, found.by_score.mean) == (1, 1, -10.0)
    assert compare({"a": audit(line(1, 80.0, 10.0, comparable=False))}) == compare({"a": audit(line(0, 80.0, None))}) == []


def test_models_and_prompts_are_compared_each_by_itself_and_rules_are_no_model():
    many, few = [line(index, 70.0, 71.0) for index in range(3)], [line(5, 70.0, 60.0, model="m-3")]
    ruled = line(9, 70.0, 71.0, provider="rules")
    found = compare({"a": audit(*many, *few, ruled), "b": audit(line(0, 70.0, 71.0), prompt="hi-en@3+z")})
    assert [(each.usual.prompt, each.tried.model, each.by_score.lines) for each in found] == [
        ("hi-en@4+a", "m-2", 4),
        ("hi-en@4+a", "m-3", 1),
        ("hi-en@3+z", "m-2", 1),
    ]
    assert {each.usual.model for each in found} == {"m-1"}


def test_what_scenes_differ_by_tells_how_many_are_needed():
    (even,) = compare({"a": audit(*(line(index, 70.0, 72.0) for index in range(60)))})
    assert (even.by_score.scenes_for_a_point, even.by_score.verdict) == (None, "tried is better")
    (uneven,) = compare({"a": noisy(0.0, 40)})
    assert uneven.by_score.scenes_for_a_point is not None
    assert 12 < uneven.by_score.scenes_for_a_point < 50  # means of three that vary by 3: (2.8 * 3 / 3**0.5)**2 = 23.5


def test_people_rate_what_was_tried_without_knowing_it_and_are_heard():
    made = audit(*(line(index, 70.0, 60.0) for index in range(72)))
    sample = sample_csv(made, share=1.0).splitlines()
    assert len(sample) == 1 + 3 * 72
    ratings = {"draft": "30", "edit": "50", "tried": "80"}
    rated = "\n".join([sample[0], *(row.rstrip(",") + f",{ratings[row.split(',')[2].split()[0]]}" for row in sample[1:])])
    (found,) = compare({"a": made}, mean_ratings([read_ratings(rated)]))
    assert found.by_people is not None
    assert (found.by_score.verdict, found.by_people.verdict) == ("tried is worse", "tried is better")
    assert (found.by_people.mean, found.by_people.lines) == (30.0, 72)


def test_the_command_compares_files_and_says_what_it_lacks(tmp_path, capsys):
    tried, plain, rated = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "anna.csv"
    tried.write_text(noisy(4.0, 30).model_dump_json())
    plain.write_text(audit(line(0, 70.0, None)).model_dump_json())
    rated.write_text("id,rating\n0e,50\n0t,80\n")
    main(["compare", str(tried), str(plain)])
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["tried"]["model"], found["by_score"]["verdict"]) == ("m-2", "tried is better")
    assert found["usual"]["cost_usd"] == "0.09"
    main(["compare", str(tried), "--ratings", str(rated)])
    assert json.loads(capsys.readouterr().out)[0]["by_people"]["mean"] == 30.0
    with pytest.raises(SystemExit, match="SETU_ENHANCER_TRIAL_SHARE"):
        main(["compare", str(plain)])
    with pytest.raises(SystemExit, match="Ratings are of one audit"):
        main(["compare", str(tried), str(plain), "--ratings", str(rated)])
