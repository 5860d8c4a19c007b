"""What was measured is shipped with the service by one command."""

import csv

import numpy as np
import pytest

from setu_optimizer.domain.observing.estimating import Estimator
from setu_optimizer.domain.observing.signals import Signals
from setu_optimizer.observing.confidence import shipped_estimator
from setu_optimizer.retraining.__main__ import main


def lines(count: int) -> list[dict[str, object]]:
    dice = np.random.default_rng(1)
    found: list[dict[str, object]] = []
    for number in range(count):
        hard = float(dice.uniform())
        found.append(
            {
                "recording": f"r{number}",
                "split": "test" if number % 4 == 0 else "train",
                "kind": f"kind {number % 8}",
                "duration_s": 60,
                "wer": round(0.5 * hard**2, 4),
                "avg_logprob": round(-0.1 - hard, 4) if number % 9 else "",
                "low_logprob": round(-0.3 - hard, 4) if number % 9 else "",
                "no_speech_prob": 0.1,
                "compression_ratio": 1.5,
                "removed_s": 0,
                "words_per_s": 2.5,
            }
        )
    return found


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as file:
        file.write("# how it came about\n")
        writer = csv.DictWriter(file, list(lines(1)[0]))
        writer.writeheader()
        writer.writerows(lines(160))
    return path


def test_the_line_is_drawn_through_what_is_learned_from_and_tried_on_the_rest(table, tmp_path, capsys):
    out = ["--measured", str(tmp_path / "measured.csv"), "--estimator", str(tmp_path / "estimator.json")]
    assert main(["--table", str(table), *out]) == 0
    estimator = Estimator.model_validate_json((tmp_path / "estimator.json").read_text())
    assert estimator.correlation > 0.9
    assert estimator.recordings == sum(line["split"] == "train" and bool(line["avg_logprob"]) for line in lines(160))
    assert (tmp_path / "measured.csv").read_text() == table.read_text()
    assert "35 of kinds that it has not seen: correlation" in capsys.readouterr().out


def test_a_table_that_is_too_small_is_refused_and_nothing_is_written(table, tmp_path, capsys):
    table.write_text("\n".join(table.read_text().splitlines()[:20]))
    assert main(["--table", str(table), "--measured", str(tmp_path / "m"), "--estimator", str(tmp_path / "e")]) == 1
    assert "too few" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
    assert not (tmp_path / "e").exists()


def test_what_is_shipped_can_be_read():
    shipped = shipped_estimator()
    assert shipped is not None
    assert shipped.correlation > 0.6
    sure, unsure = (Signals(avg_logprob=each, low_logprob=2 * each, words_per_s=2.5) for each in (-0.12, -0.9))
    good, bad = shipped.estimate(sure), shipped.estimate(unsure)
    assert good is not None
    assert bad is not None
    assert good < 0.15 < bad
