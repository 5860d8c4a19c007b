"""What may befall long recordings that several workers hear: pieces that can't be heard, are lost or were begun otherwise."""

from company import SETTINGS
from company.sharing import PLAN, Interrupted, pieces_of
from setu_asr.errors import UnusablePlan
from setu_common.contracts import (
    TranscriptionRequest,
)
from setu_common.errors import DependencyUnavailable
from setu_common.operations import Parts


def test_pieces_that_the_other_workers_cannot_hear_do_not_fail_a_recording_that_each_can_hear_in_its_own_way(firm):
    def without_it(engine):
        def load(key, folder):
            if key.compute_type == "float32":
                raise UnusablePlan("No float32 here.")
            return firm.listener

        return load

    company, own = firm.company, firm.settings.model_copy(update={"batch_size": 2})
    firm.settings = own.model_copy(update={"compute_type": "float32"})
    sharers = firm.bounds(parts=Interrupted(company.database, company.store, company.hints, SETTINGS))
    firm.settings = own
    shared = company.submit(TranscriptionRequest(media=firm.upload(), language="fr"))
    company.rows("UPDATE operation SET max_attempts = 9")
    company.worker("north", sharers[:1])()  # hears no piece
    company.rows("UPDATE operation SET not_before = now(), asleep = false")
    operation = company.finished(shared, company.worker("south", firm.bounds(engines=without_it)))
    result, transcript = company.transcript(operation)
    assert result.plan.compute_type == own.compute_type
    assert len(transcript.segments) > 20
    states = [row["state"] for row in pieces_of(firm, shared)]
    assert (states.count("failed"), set(states)) == (1, {"failed", "cancelled"})  # the rest is given up, and heard by nobody


def test_a_recording_of_which_a_piece_is_lost_is_heard_by_one_and_searched_once_more(firm):
    company = firm.company
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    lost = company.run(company.store.put("local", b"what was heard", "application/json"))
    company.run(company.store.delete(lost.uri))

    def last(batches):
        if batches == 3:
            company.rows(
                "UPDATE operation SET result = jsonb_build_object('$object', %(lost)s::jsonb) WHERE parent_id IS NOT NULL AND state = 'succeeded'",
                lost=lost.model_dump_json(),
            )

    firm.listener.fails = last
    _, transcript = company.transcript(company.finished(shared, company.worker("north", firm.bounds())))
    assert len(transcript.segments) > 20
    assert firm.listener.batches == [2, 2, 2, 1] * 2
    assert len(firm.searched) == 2


def test_who_cannot_read_what_was_heard_just_now_comes_again_and_searches_nothing(firm):
    class Away(Parts):
        left = 1

        async def results(self, kind, parts):
            if self.left:
                self.left -= 1
                raise DependencyUnavailable("The store is away.", retry_after_s=3600)
            return await super().results(kind, parts)

    company = firm.company
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    north = company.worker("north", firm.bounds(parts=Away(company.database, company.store, company.hints, SETTINGS)))
    north()
    assert len(firm.searched) == 1
    company.rows("UPDATE operation SET not_before = now(), asleep = false WHERE state = 'queued'")
    company.transcript(company.finished(shared, north))
    assert (firm.listener.batches, len(firm.searched)) == ([2, 2, 2, 1], 1)


def test_who_goes_on_sharing_asks_for_the_same_as_the_first_even_where_it_would_do_otherwise(firm):
    company, own = firm.company, firm.settings
    parts = Interrupted(company.database, company.store, company.hints, SETTINGS)
    shared = company.submit(TranscriptionRequest(media=firm.upload(codec="flac")))  # its sound is kept for the pieces
    firm.settings = own.model_copy(update={"batch_size": 2})
    company.worker("north", firm.bounds(parts=parts))()
    firm.settings = own.model_copy(update={"batch_size": 3})
    firm.listener.detect_language = lambda _clips: ("fr", 0.7500001)  # as on another machine
    company.rows("UPDATE operation SET not_before = now(), asleep = false")
    result, _ = company.transcript(company.finished(shared, company.worker("south", firm.bounds())))
    assert firm.listener.batches == [2, 2, 2, 1]
    assert (result.language_probability, result.plan.batch_size) == (0.75, 2)
    assert [row["state"] for row in pieces_of(firm, shared)] == ["succeeded"] * 4


def test_a_piece_that_was_erased_is_asked_for_again_and_no_line_is_missing(firm):
    company = firm.company
    alone = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))
    _, whole = company.transcript(company.finished(alone, company.worker("alone", firm.bounds(alone=True))))
    shared = company.submit(TranscriptionRequest(media=firm.upload(), plan=PLAN, language="fr"))

    def first(_batches):
        company.rows(
            "DELETE FROM operation WHERE parent_id IS NOT NULL AND idempotency_key LIKE '%%/0' AND state = 'succeeded' RETURNING id"
        )

    firm.listener.batches.clear()
    firm.listener.fails = lambda batches: first(batches) if batches == 2 else None
    _, transcript = company.transcript(company.finished(shared, company.worker("north", firm.bounds())))
    assert [segment.text for segment in transcript.segments] == [segment.text for segment in whole.segments]
    assert len(firm.listener.batches) == 5
