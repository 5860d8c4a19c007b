"""What people are given to rate, and what is made of it."""

import csv
import io
import json

import pytest

from setu_common.contracts import EnhancedTranscript, Enhancement, QualityScore
from setu_common.errors import NotFound
from setu_enhancer.auditing.__main__ import main
from setu_enhancer.auditing.rating import agreement, krippendorff_alpha, read_ratings, sample_csv, spearman


def score(total: float) -> QualityScore:
    return QualityScore(total=total, accuracy=total, fluency=total, consistency=total, cultural=total, confidence=0.3)


def line(
    index: int, draft: str, offered: str = "", *, kept: bool = False, before: float = 50, after: float = 80
) -> Enhancement:
    return Enhancement(
        segment_index=index,
        source=f"स्रोत {index}",
        draft=draft,
        text=offered if kept else draft,
        changed=kept,
        offered=offered,
        score_before=score(before),
        score_after=score(after) if offered else None,
    )


def audit(*lines: Enhancement) -> EnhancedTranscript:
    return EnhancedTranscript(source_language="hi", target_language="en", prompt="p", glossary_sha256="0", lines=lines)


FILM = audit(
    *(line(n, f"draft {n}", f"edit {n}" if n % 3 == 0 else "", kept=n % 2 == 0, before=n % 7 * 10) for n in range(600))
)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_sample_has_its_share_of_lines_and_is_the_same_each_time():
    sample = rows(sample_csv(FILM))
    lines = {row["id"][:-1] for row in sample}
    assert 40 <= len(lines) <= 80  # of 600
    assert sample == rows(sample_csv(FILM))
    assert lines != {row["id"][:-1] for row in rows(sample_csv(FILM, seed="other"))}
    assert {row["id"][:-1] for row in rows(sample_csv(FILM, share=1.0))} == {str(n) for n in range(600)}
    assert all(row["rating"] == "" for row in sample)


def test_raters_are_not_told_which_text_is_the_edit_nor_what_it_scored():
    sample = rows(sample_csv(FILM, share=1.0))
    assert set(sample[0]) == {"id", "source", "translation", "rating"}
    places = {row["id"]: place for place, row in enumerate(sample)}
    first = [places[f"{n}d"] < places[f"{n}e"] for n in range(0, 600, 3)]
    assert 60 <= sum(first) <= 140  # of 200


def test_dialogue_is_no_formula():
    (row,) = rows(sample_csv(audit(line(0, "=SUM(A1)")), share=1.0))
    assert row["translation"] == "'=SUM(A1)"


def test_what_people_rate_is_read_by_id_and_nonsense_is_refused():
    assert read_ratings("id,rating\n1d,80\n2d,\n3d, 12.5 \n") == {"1d": 80.0, "3d": 12.5}
    with pytest.raises(ValueError, match="no column rating"):
        read_ratings("id,text\n1d,x\n")
    with pytest.raises(ValueError, match="0 to 100"):
        read_ratings("id,rating\n1d,101\n")
    with pytest.raises(ValueError, match=r"1d: .* 0 to 100, not 'good'"):
        read_ratings("id,rating\n1d,good\n")


def test_alpha_is_that_of_the_paper_it_comes_from():
    # Krippendorff 2011, section E: four observers, twelve units, values missing; interval alpha is 0.849.
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[float(each) for each in unit if each is not None] for unit in zip(*observers, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.849, abs=0.001)
    assert krippendorff_alpha([[1.0], []]) is None
    assert krippendorff_alpha([[5.0, 5.0], [5.0, 5.0]]) == 1.0


def test_ranks_decide_how_two_figures_go_together():
    assert spearman([1, 2, 3, 4], [10, 20, 30, 1000]) == pytest.approx(1.0)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    assert spearman([106, 86, 100, 101, 99, 103, 97, 113, 112, 110], [7, 0, 27, 50, 28, 29, 20, 12, 6, 17]) == pytest.approx(
        -0.1758, abs=0.0001
    )
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1, 2], [1, 2]) is None


def test_agreement_tells_whether_people_like_what_is_delivered():
    told = audit(
        line(0, "bad", "good", kept=True, before=30, after=90),
        line(1, "good", "bad", kept=False, before=85, after=40),
        line(2, "fine", before=70),
    )
    anna = {"0d": 20.0, "0e": 95.0, "1d": 80.0, "1e": 30.0, "2d": 60.0, "9d": 1.0}
    ben = {"0d": 25.0, "0e": 90.0, "1d": 85.0, "1e": 35.0}
    found = agreement(told, [anna, ben])
    assert (found.texts, found.raters, found.preferred) == (5, 2, 1.0)
    assert found.alpha is not None
    assert found.alpha > 0.95
    assert found.spearman == pytest.approx(1.0)
    wrong = audit(line(0, "bad", "good", kept=False), line(1, "good", "bad", kept=True))
    assert agreement(wrong, [anna]).preferred == 0.0
    assert agreement(wrong, []).texts == 0


def test_a_sample_goes_to_people_and_comes_back_by_files(tmp_path, capsys):
    (tmp_path / "audit.json").write_text(FILM.model_dump_json())
    main(["sample", str(tmp_path / "audit.json"), "--share", "0.2"])
    sample = rows(capsys.readouterr().out)
    rated = "".join(f"{row['id']},{50 + 40 * row['id'].endswith('e')}\n" for row in sample)
    (tmp_path / "anna.csv").write_text(f"\ufeffid,rating\n{rated}", encoding="utf-8")
    main(["agreement", str(tmp_path / "audit.json"), str(tmp_path / "anna.csv")])
    told = json.loads(capsys.readouterr().out)
    assert (told["texts"], told["raters"], told["alpha"]) == (len(sample), 1, None)
    assert told["spearman"] > 0.5


def refused(capsys, *arguments: object) -> str:
    """The one line that is told of files that are not what they should be; nothing else is written."""
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    assert capsys.readouterr().out == ""
    told = str(ended.value.code)  # Python writes a text to standard error, and exits with 1
    assert "\n" not in told
    return told


@pytest.mark.parametrize("command", [["sample"], ["agreement"]])
@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            NotFound("There is no such job.\nList jobs with GET /jobs.").problem().model_dump_json().encode(),
            "is no audit, but the answer to a request that failed: There is no such job. List jobs with GET /jobs.",
        ),
        (b"<html>", "is no JSON."),
        (b'{"lines": []}', "is JSON, but no audit."),
        (b"[1]", "is JSON, but no audit."),
        (b"", "is empty."),
        ("राज".encode("utf-16"), "is not UTF-8."),
        (None, "can't be read: No such file or directory."),
    ],
)
def test_a_file_that_is_no_audit_is_told_as_what_it_is(tmp_path, capsys, command, written, told):
    audit_file, ratings = tmp_path / "audit.json", tmp_path / "anna.csv"
    ratings.write_text("id,rating\n")
    if written is not None:
        audit_file.write_bytes(written)
    said = refused(capsys, *command, audit_file, *([ratings] if command == ["agreement"] else []))
    assert said.startswith(f"{audit_file} {told} Save what GET /jobs/")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"", ": the file has no column id, rating."),
        (b"id;rating\n1d;5\n", ": the file has no column id, rating."),
        (b"id,rating\n1d,12 of 100\n", ": 1d: a rating is a number from 0 to 100, not '12 of 100'."),
        (b"id,rating\n1d," + b"9" * 200_000, ": field larger than field limit"),
        ("id,rating\n".encode("utf-16"), " is not UTF-8."),
        (None, " can't be read: No such file or directory."),
    ],
)
def test_ratings_that_can_not_be_read_are_told_by_file(tmp_path, capsys, written, told):
    audit_file, good, ratings = tmp_path / "audit.json", tmp_path / "anna.csv", tmp_path / "ben.csv"
    audit_file.write_text(FILM.model_dump_json())
    good.write_text("id,rating\n0d,50\n")
    if written is not None:
        ratings.write_bytes(written)
    said = refused(capsys, "agreement", audit_file, good, ratings)
    assert said.startswith(f"{ratings}{told}")
    assert said.endswith("Give the sample as CSV, with commas, in UTF-8, and its column `rating` filled in.")
