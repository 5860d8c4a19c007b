"""A long recording that several workers hear with a real model is transcribed to the letter as by one."""

import numpy as np
import pytest

from company import opened_company
from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.wav import wav_header
from setu_asr.engines.demuxer import decode
from setu_asr.migrate import VERSIONS
from setu_asr.settings import read_settings
from setu_asr.worker import handlers
from setu_common.contracts import AsrPlan, TranscriptionRequest
from setu_common.cost.ledger import migrate_ledger
from setu_common.db import migrate
from setu_common.models import Catalogue
from setu_common.settings import ModelSettings
from setu_common.store import Store

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]

# Every clip that is in doubt is heard again, and whatever is left out: all that a batch decides is tried.
PLAN = AsrPlan(model="whisper-tiny.en", batch_size=2, beam_size=2)


@pytest.fixture
def company(cloned_database, store_settings, redis_settings, monkeypatch):
    def both(settings) -> None:
        migrate(settings, "asr", VERSIONS)
        migrate_ledger(settings)

    settings = cloned_database("asr_and_ledger", both)
    monkeypatch.setenv("DATABASE_URL", settings.url)
    monkeypatch.setenv("REDIS_URL", redis_settings.url)
    monkeypatch.setenv("REDIS_KEY_PREFIX", redis_settings.key_prefix)
    monkeypatch.setenv("SETU_STORE_URL", store_settings.url)
    monkeypatch.setenv("SETU_ASR_PIECE_S", "60")
    with opened_company(settings, Store(store_settings, "asr")) as company:
        yield company


def minutes() -> bytes:
    """English, and other languages in between, which the English model hears in ways that make it doubt."""
    catalogue = Catalogue.load(ModelSettings())
    spoken = {
        language: decode(catalogue.sample(language), None, 3600, lambda _share: None).pcm
        for language in ("en", "fr", "it", "hi", "pt")
    }
    pcm = np.concatenate([spoken[language] for language in ("en", "fr", "it", "en", "hi", "pt", "en", "fr", "en")])
    return wav_header(len(pcm), RATE_HZ) + pcm.astype("<i2").tobytes()


def test_a_real_model_hears_in_pieces_just_what_it_hears_at_once(company, monkeypatch):
    media = company.run(company.store.put("local", minutes(), "audio/wav"))
    request = TranscriptionRequest(media=media, plan=PLAN, reuse=False)
    found = {}
    for above_s in ("", "30"):
        monkeypatch.setenv("SETU_ASR_SPLIT_ABOVE_S", above_s)
        wired = handlers(read_settings())
        worker = company.worker(f"above {above_s}", company.run(wired.__aenter__()))
        found[above_s] = operation = company.finished(company.submit(request), worker)
        company.run(wired.__aexit__(None, None, None))
        assert operation.problem is None
    (alone, expected), (shared, transcript) = (company.transcript(found[above_s]) for above_s in ("", "30"))
    assert transcript == expected
    assert alone.transcript.sha256 == shared.transcript.sha256
    assert len(expected.segments) > 10
    pieces = company.rows("SELECT id, state FROM operation WHERE parent_id = %(id)s", id=found["30"].id)
    assert len(pieces) >= 2
    calls = company.rows(
        "SELECT operation_id, stage, model FROM ledger.call WHERE operation_id <> %(id)s ORDER BY stage", id=found[""].id
    )
    assert {(row["stage"], row["model"]) for row in calls} == {("transcriptions", PLAN.model)}
    # Each piece costs once; beside them who shared it told the language.
    assert sorted(row["operation_id"] for row in calls) == sorted([*(row["id"] for row in pieces), found["30"].id])
    heard = company.rows(
        "SELECT count(*), sum(audio_s) AS audio_s, sum(model_time_s) AS model_time_s FROM ledger.stage_metrics WHERE stage = 'transcriptions'"
        " AND operation_id <> %(id)s AND outcome = 'succeeded'",
        id=found[""].id,
    )
    assert heard[0]["count"] == len(pieces) + 2  # sharing it out, and putting it together
    assert heard[0]["audio_s"] == pytest.approx(transcript.duration_s)
    assert heard[0]["model_time_s"] == pytest.approx(shared.model_time_s)
