"""``setu models``: what there is, and what a folder really holds."""

import pytest


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SETU_MODELS_FOLDER", str(tmp_path / "models"))
    monkeypatch.setenv("SETU_MODELS_OFFLINE", "true")
    return tmp_path / "models"


def test_every_model_is_listed_with_its_size_its_licence_and_whether_it_is_here(run, empty_folder):
    shown = run("models")
    assert shown.exit_code == 0, shown.output
    [line] = [line for line in shown.output.splitlines() if line.startswith("gemma3-270m")]
    assert "not here" in line
    assert "253.3 MB" in line
    assert "Gemma Terms of Use" in line
    assert str(empty_folder) in shown.output
    assert not empty_folder.exists()  # it only looks


def test_a_model_that_can_not_be_had_is_an_error_that_says_how_to_put_it_there(run, empty_folder):
    shown = run("models", "pull", "whisper-base")
    assert shown.exit_code == 1
    assert "downloading is switched off" in shown.output
    assert str(empty_folder / "whisper-base") in shown.output


@pytest.mark.parametrize(
    ("arguments", "words"), [(("pull",), "name at least one"), (("pull", "nope"), "there is no model 'nope'")]
)
def test_a_name_is_needed_and_must_be_in_the_catalogue(run, arguments, words):
    shown = run("models", *arguments)
    assert shown.exit_code != 0
    assert words in shown.output


def test_a_damaged_model_is_named_with_what_is_wrong_with_it(run, empty_folder):
    folder = empty_folder / "whisper-tiny.en"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    shown = run("models", "verify", "whisper-tiny.en")
    assert shown.exit_code == 1
    assert "config.json: 2 bytes instead of 2317" in shown.output
    assert "model.bin: missing" in shown.output


def test_without_a_name_what_is_here_is_verified(run):
    shown = run("models", "verify")
    assert shown.exit_code == 0
    assert "No model is here yet" in shown.output


@pytest.mark.models
def test_a_whole_model_passes(run, monkeypatch):
    monkeypatch.delenv("SETU_MODELS_FOLDER")
    monkeypatch.delenv("SETU_MODELS_OFFLINE")
    assert run("models", "pull", "speech-samples").exit_code == 0
    shown = run("models", "verify", "speech-samples")
    assert shown.exit_code == 0, shown.output
    assert "speech-samples is whole" in shown.output
