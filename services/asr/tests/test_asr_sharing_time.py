"""What sharing a recording out takes is in the ledger beside what its pieces and its end take, and nothing is there twice."""

import time

import pytest

from company import SETTINGS
from company.sharing import JOB, MINUTES_S, PLAN, Interrupted, pieces_of
from setu_common.contracts import TranscriptionRequest


def rows_of(firm, operation_id=None):
    return firm.company.rows(
        "SELECT * FROM ledger.stage_metrics WHERE %(id)s::uuid IS NULL OR operation_id = %(id)s::uuid ORDER BY id",
        id=operation_id,
    )


def test_sharing_pieces_and_their_end_are_each_on_record_and_sums_have_nothing_twice(firm):
    company, began_s = firm.company, time.monotonic()
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN), JOB)
    company.rows("UPDATE operation SET created_at = now() - interval '90 s', not_before = now() - interval '90 s'")
    result, _ = company.transcript(
        company.finished(shared, company.worker("north", firm.bounds()), company.worker("south", firm.bounds()))
    )
    took_s = time.monotonic() - began_s
    sharing, *pieces, end = rows_of(firm)
    assert (sharing["operation_id"], end["operation_id"]) == (shared, shared)
    assert {row["operation_id"] for row in pieces} == {row["id"] for row in pieces_of(firm, shared)}
    assert len(pieces) == 4
    for row in (sharing, *pieces, end):
        told = (row["tenant"], row["service"], row["job_id"], row["stage"], row["outcome"], row["attempt"])
        assert told == ("local", "asr", JOB, "transcriptions", "succeeded", 1)
    assert 0 < sharing["wall_s"] < took_s
    assert 0 < sharing["cpu_s"] < took_s * 64  # whatever processors there are
    assert sharing["queue_wait_s"] == pytest.approx(90, abs=took_s)
    assert sharing["wall_s"] + sum(row["wall_s"] for row in pieces) + end["wall_s"] < took_s
    assert [row["audio_s"] for row in (sharing, *pieces, end)] == [None, None, None, None, None, MINUTES_S]
    assert [row["model_time_s"] for row in (sharing, *pieces, end)] == [None, None, None, None, None, result.model_time_s]


def test_who_only_looks_after_pieces_leaves_no_row_and_who_hears_all_has_one(firm):
    company = firm.company
    request = TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr")
    alone = company.submit(request)
    company.finished(alone, company.worker("alone", firm.bounds(alone=True)))
    assert len(rows_of(firm, alone)) == 1
    shared, north = company.submit(request), company.worker("north", firm.bounds())
    claimed = []
    firm.listener.fails = lambda _batches: claimed.extend(
        company.rows("SELECT token FROM operation WHERE id = %(id)s", id=shared)
    )
    company.finished(shared, north)
    assert [row["token"] for row in claimed] == [1, 2, 3, 4], "it was looked at after each piece"
    assert len(rows_of(firm, shared)) == 2


def test_sharing_that_broke_off_is_on_record_as_what_failed_and_the_rest_of_it_as_what_did_not(firm):
    company = firm.company
    parts = Interrupted(company.database, company.store, company.hints, SETTINGS)
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    company.worker("north", firm.bounds(parts=parts))()
    company.rows("UPDATE operation SET not_before = now(), asleep = false")
    company.finished(shared, company.worker("south", firm.bounds()))
    rows = rows_of(firm, shared)
    assert [(row["outcome"], row["attempt"]) for row in rows] == [("failed", 1), ("succeeded", 2), ("succeeded", 1)]


def test_no_recording_is_lost_where_it_cannot_be_written_down(firm):
    company = firm.company
    company.rows("DROP SCHEMA ledger CASCADE")
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    company.transcript(company.finished(shared, company.worker("north", firm.bounds())))
    assert len(pieces_of(firm, shared)) == 4
