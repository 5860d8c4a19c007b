"""In which order the worker takes what it learns from."""

from setu_common.contracts import OBSERVATIONS, AsrPlan, AudioProfile, ObservationRequest, Reference, Submission
from setu_common.operations.claims import Claims
from setu_common.operations.connection import HealingConnection
from setu_common.settings import OperationSettings
from setu_optimizer.observing.second import SECOND_HEARINGS, SecondHearings
from setu_optimizer.retraining.desk import have_trained
from setu_optimizer.retraining.kinds import RETRAININGS

LESSON = -10
"""As the gateway hands lessons and corrections on."""


async def test_a_training_waits_for_what_jobs_teach_and_a_second_hearing_for_everything(
    operations, optimizer_database_settings, store_settings
):
    there = Reference(uri=f"setu://asr/acme/2026-11-26/{'0' * 64}-00000000", bytes=1, media_type="audio/wav")
    request = ObservationRequest(
        job_id="00000000-0000-0000-0000-000000000000",
        source_language="en",
        profile=AudioProfile(duration_s=60, track="0", clipping_ratio=0, speech_ratio=1, music_ratio=0),
        plan=AsrPlan(),
        transcript=there,
        audio=there,
        model_time_s=1,
    )
    await SecondHearings(operations, 1.0).draw(request, "acme")
    await have_trained(optimizer_database_settings, store_settings, 0)
    await operations.submit(OBSERVATIONS, request, Submission(tenant="acme", priority=LESSON))
    connection = HealingConnection(optimizer_database_settings, "optimizer")
    claims = Claims(connection, OperationSettings(), "w", 1)
    found = [claims.next("learning") for _ in range(3)]
    connection.close()
    assert [each.kind for each in found if each] == [OBSERVATIONS.name, RETRAININGS.name, SECOND_HEARINGS.name]
