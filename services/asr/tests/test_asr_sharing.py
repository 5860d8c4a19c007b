"""Long recordings that several workers hear: on a real database, with a recogniser that remembers what it was given."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import pytest

from company import SETTINGS
from company.sharing import JOB, MINUTES_S, PLAN, Finishing, Interrupted, pieces_of
from setu_asr.domain.audio import RATE_HZ
from setu_asr.errors import MediaTruncated, UnusablePlan
from setu_common.contracts import (
    AsrOverrides,
    OperationState,
    Reference,
    TranscriptionRequest,
)
from setu_common.errors import DependencyUnavailable
from setu_common.store import ObjectMissing


@pytest.mark.parametrize("codec", ["plain", "flac"])
def test_a_long_recording_is_heard_by_all_and_its_transcript_is_the_one_of_who_hears_it_alone(firm, codec, monkeypatch):
    ticks = itertools.count()
    monkeypatch.setattr("setu_asr.sharing.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    request = TranscriptionRequest(media=firm.upload(codec=codec), plan=PLAN)
    alone = firm.company.submit(request)
    _, expected = firm.company.transcript(firm.company.finished(alone, firm.company.worker("alone", firm.bounds(alone=True))))
    batches, firm.listener.batches[:] = list(firm.listener.batches), []
    searched, firm.searched[:] = list(firm.searched), []
    shared = firm.company.submit(request)
    result, transcript = firm.company.transcript(
        firm.company.finished(shared, firm.company.worker("north", firm.bounds()), firm.company.worker("south", firm.bounds()))
    )
    assert transcript == expected
    assert len(transcript.segments) > 20
    assert (firm.listener.batches, firm.searched) == (batches, searched) == ([2, 2, 2, 1], [int(MINUTES_S * RATE_HZ)])
    assert firm.listener.asked_language == 2  # once by each
    pieces = pieces_of(firm, shared)
    assert [(row["state"], row["attempts"], len(row["request"]["clips"])) for row in pieces] == [
        ("succeeded", 0, count) for count in (2, 2, 2, 1)
    ]
    assert len({row["request"]["media"]["uri"] for row in pieces}) == 1
    assert result.model_time_s == pytest.approx(
        sum(row["result"]["heard_in_s"] for row in pieces) + 1
    )  # a tick to put them together
    assert pieces_of(firm, alone) == []


def test_a_piece_reads_its_own_sound_and_no_more(firm):
    shared = firm.company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    firm.company.finished(shared, firm.company.worker("north", firm.bounds()))
    spans = [(row["request"]["clips"][0][0], row["request"]["clips"][-1][1]) for row in pieces_of(firm, shared)]
    whole, *stretches, again = firm.company.store.read_of
    assert (whole, again) == (None, None)  # by whom it was shared, and put together
    assert stretches == [(44 + 2 * start, 44 + 2 * end) for start, end in spans]


def test_an_engine_that_finishes_does_so_once_with_all_that_was_heard(firm):
    firm.listener = Finishing()
    plan = PLAN.model_copy(update={"engine": "whisperx", "diarise": True})
    shared = firm.company.submit(TranscriptionRequest(media=firm.upload(), plan=plan, language="fr"))
    result, transcript = firm.company.transcript(firm.company.finished(shared, firm.company.worker("north", firm.bounds())))
    assert firm.listener.finished == [(int(MINUTES_S * RATE_HZ), 7)]
    assert {segment.speaker for segment in transcript.segments} == {"A"}
    assert result.notes == ("Finished.",)
    assert len(pieces_of(firm, shared)) == 4


def test_what_is_kept_of_the_sound_goes_with_the_transcription(firm):
    shared = firm.company.submit(TranscriptionRequest(media=firm.upload(codec="flac"), plan=PLAN))
    firm.company.finished(shared, firm.company.worker("north", firm.bounds()))
    sound = Reference.model_validate(pieces_of(firm, shared)[0]["request"]["media"])
    assert firm.company.run(firm.company.store.read(sound))[:4] == b"RIFF"
    firm.company.run(firm.company.operations.purge("local", shared))
    with pytest.raises(ObjectMissing):
        firm.company.run(firm.company.store.read(sound))


@pytest.mark.parametrize(
    ("duration_s", "changed", "asked"),
    [
        (59.0, {}, {}),
        (MINUTES_S, {"split_above_s": None}, {}),
        (MINUTES_S, {"piece_s": 500.0}, {}),
    ],
)
def test_what_is_short_or_one_piece_or_not_to_be_shared_is_heard_at_once(firm, duration_s, changed, asked):
    firm.settings = firm.settings.model_copy(update=changed)
    request = TranscriptionRequest(media=firm.upload(duration_s), plan=PLAN, **asked)
    operation = firm.company.finished(firm.company.submit(request), firm.company.worker("north", firm.bounds()))
    firm.company.transcript(operation)
    assert pieces_of(firm, operation.id) == []
    assert len(firm.searched) == 1


def test_who_was_interrupted_while_sharing_goes_on_and_asks_for_nothing_twice(firm):
    company = firm.company
    parts = Interrupted(company.database, company.store, company.hints, SETTINGS)
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    workers = company.worker("north", firm.bounds(parts=parts)), company.worker("south", firm.bounds())
    workers[0]()
    first = pieces_of(firm, shared)
    assert len(first) == 2
    company.rows("UPDATE operation SET not_before = now(), asleep = false")
    company.transcript(company.finished(shared, workers[1]))
    assert [row["id"] for row in pieces_of(firm, shared)][:2] == [row["id"] for row in first]
    assert firm.listener.batches == [2, 2, 2, 1]


def test_pieces_that_were_asked_for_in_another_way_do_not_count_and_all_is_heard_here(firm):
    company = firm.company
    parts = Interrupted(company.database, company.store, company.hints, SETTINGS)
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    company.worker("north", firm.bounds(parts=parts))()
    firm.listener.batches.clear()
    company.rows("UPDATE operation SET request_sha256 = 'other' WHERE parent_id IS NOT NULL")
    company.rows("UPDATE operation SET not_before = now(), asleep = false")
    _, transcript = company.transcript(company.finished(shared, company.worker("south", firm.bounds())))
    assert firm.listener.batches == [2, 2, 2, 1]
    assert len(transcript.segments) > 20
    assert {row["state"] for row in pieces_of(firm, shared)} <= {"succeeded", "cancelled"}


def test_a_piece_that_fails_is_tried_again_alone(firm):
    def once(batches):
        if batches == 3 and not failed:
            failed.append(batches)
            raise DependencyUnavailable("Away for once.", retry_after_s=0)

    failed: list[int] = []
    firm.listener.fails = once
    company = firm.company
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    north = company.worker("north", firm.bounds())
    north()
    company.rows("UPDATE operation SET not_before = now(), asleep = false")
    _, transcript = company.transcript(company.finished(shared, north))
    assert failed == [3]
    assert sorted(row["attempts"] for row in pieces_of(firm, shared)) == [0, 0, 0, 1]
    assert firm.listener.batches == [2, 2, 2, 1]
    assert len(transcript.segments) > 20


def test_a_piece_that_is_given_up_ends_the_transcription_with_its_problem_and_the_other_pieces(firm):
    def second(batches):
        if batches == 1:
            raise MediaTruncated("It ends here.")

    firm.listener.fails = second
    company = firm.company
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    operation = company.finished(shared, company.worker("north", firm.bounds()))
    assert (operation.state, operation.attempt) == (OperationState.FAILED, 1)
    assert operation.problem is not None
    assert (operation.problem.code, operation.problem.detail) == (MediaTruncated.code, "It ends here.")
    assert [row["state"] for row in pieces_of(firm, shared)] == ["succeeded", "failed", "cancelled", "cancelled"]


def test_the_next_run_of_a_job_hears_only_what_the_last_did_not(firm):
    def third(batches):
        if batches == 2:
            raise MediaTruncated("It ends here.")

    company, request = firm.company, TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr")
    north = company.worker("north", firm.bounds())
    _, expected = company.transcript(company.finished(company.submit(request), north))
    firm.listener.batches.clear()
    firm.listener.fails = third
    assert company.finished(company.submit(request, JOB), north).state is OperationState.FAILED
    firm.listener.batches.clear()
    firm.listener.fails = None
    _, transcript = company.transcript(company.finished(company.submit(request, JOB), north))
    assert transcript == expected
    assert firm.listener.batches == [2, 1]


def test_a_predicted_plan_that_the_other_workers_cannot_do_is_done_in_this_ones_own_way(firm):
    def without_it(engine):
        def load(key, folder):
            if key.compute_type == "float32":
                raise UnusablePlan("No float32 here.")
            return firm.listener

        return load

    planned = PLAN.model_copy(update={"source": "predicted", "compute_type": "float32"})
    company = firm.company
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=planned, language="fr"))
    operation = company.finished(shared, company.worker("north", firm.bounds(engines=without_it)))
    result, _ = company.transcript(operation)
    assert "No float32 here." in result.plan.explanation
    assert result.plan.compute_type == "int8"
    assert {row["state"] for row in pieces_of(firm, shared)} <= {"failed", "cancelled"}


def test_how_far_the_pieces_are_is_how_far_the_transcription_is(firm):
    company = firm.company
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, overrides=AsrOverrides(prompt="Setu")))
    seen = []

    def looked(_batches):
        [row] = company.rows("SELECT state, progress, note FROM operation WHERE id = %(id)s", id=shared)
        seen.append((row["state"], round(row["progress"], 3), row["note"]))

    firm.listener.fails = looked
    company.finished(shared, company.worker("north", firm.bounds()))
    assert [each[0] for each in seen] == ["queued"] * 4
    assert [each[2] for each in seen] == [f"transcribing: {done} of 4 pieces" for done in range(4)]
    assert [each[1] for each in seen] == [pytest.approx(0.1 + 0.9 * clips / 7, abs=0.001) for clips in (0, 2, 4, 6)]
    assert {row["request"]["prompt"] for row in pieces_of(firm, shared)} == {"Setu"}
    assert replace(firm.listener).asked_language == 1
