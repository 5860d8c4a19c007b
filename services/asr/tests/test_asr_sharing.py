"""Long recordings that several workers hear: on a real database, with a recogniser that remembers what it was given."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from company import SETTINGS, Company, opened_company
from setu_asr.domain.audio import RATE_HZ
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import NO_HINTS
from setu_asr.domain.wav import wav_header
from setu_asr.ears import Ears
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import Finished
from setu_asr.errors import MediaTruncated, UnusablePlan
from setu_asr.fallback import ByDefaultElse
from setu_asr.hearing import PieceService
from setu_asr.migrate import VERSIONS
from setu_asr.service import TranscriptionService
from setu_common.contracts import (
    TRANSCRIPTION_PIECES,
    TRANSCRIPTIONS,
    AsrOverrides,
    AsrPlan,
    OperationState,
    Reference,
    TranscriptionRequest,
)
from setu_common.cost import Unmetered
from setu_common.db import migrate
from setu_common.errors import DependencyUnavailable
from setu_common.models import Catalogue
from setu_common.operations import Bound, Parts
from setu_common.settings import ModelSettings
from setu_common.store import ObjectMissing, Store

PLAN = AsrPlan(batch_size=2)
MINUTES_S = 200.0  # seven clips: three pieces of two, and one of one
JOB = uuid4()


class Present(Catalogue):
    def ensure(self, name, on_progress=None):
        return self._settings.folder / name


@dataclass
class Listener:
    """A recogniser that writes down how loud each second is, so that no two seconds sound alike."""

    batches: list[int] = field(default_factory=list)
    asked_language: int = 0
    fails: Any = None

    def detect_language(self, clips):
        self.asked_language += 1
        return "fr", 0.75

    def recognise(self, clips, language, plan, hints=NO_HINTS):
        if self.fails is not None:
            self.fails(len(self.batches))
        self.batches.append(len(clips))
        return [[self._heard(clip)] for clip in clips]

    def _heard(self, clip):
        seconds = range(len(clip) // RATE_HZ)
        loud = [float(np.abs(clip[at * RATE_HZ : (at + 1) * RATE_HZ]).mean()) for at in seconds]
        words = tuple(HeardWord(at + 0.1, at + 0.9, f" {value:.7f}", 0.9) for at, value in zip(seconds, loud, strict=True))
        return Heard(0.1, words[-1].end_s, "".join(word.text for word in words), words, avg_logprob=-0.2)


@dataclass
class Firm:
    """A company whose workers share recordings, and one worker that does not."""

    company: Company
    media: Any
    listener: Listener
    searched: list[int]
    settings: Any
    request: Any

    def bounds(self, *, alone: bool = False, engines: Any = None, parts: Any = None) -> list[Bound]:
        company, settings = self.company, self.settings
        models = ModelSettings(folder=settings.scratch_folder / "models", offline=True)
        whole = Catalogue.load(models)
        catalogue = Present({name: whole[name] for name in whole.names()}, models)
        equipment = {
            "catalogue": catalogue,
            "pool": RecogniserPool(0, 1),
            "engines": engines or (lambda _engine: lambda _key, _folder: self.listener),
            "find_speech": self._find_speech,
            "settings": settings,
        }
        parts = parts or Parts(company.database, company.store, company.hints, SETTINGS)
        service = TranscriptionService(store=company.store, parts=None if alone else parts, **equipment)
        pieces = PieceService(ears=Ears(**equipment), store=company.store, meter=Unmetered())
        return [Bound(TRANSCRIPTIONS, ByDefaultElse(service.transcribe).transcribe), Bound(TRANSCRIPTION_PIECES, pieces.hear)]

    def upload(self, duration_s: float = MINUTES_S, codec: str = "plain") -> Reference:
        sound = self.media.tone(duration_s) * np.linspace(0.3, 1.0, int(duration_s * RATE_HZ), dtype=np.float32)
        data = plain_wav(sound[0]) if codec == "plain" else self.media.audio("a.flac", codec, samples=sound).read_bytes()
        return self.company.run(self.company.store.put("local", data, "audio/wav"))

    def _find_speech(self, samples):
        self.searched.append(len(samples))
        return self.request.getfixturevalue("find_speech")(samples)


class Watched(Store):
    """Tells what was read of objects: stretches, or None for a whole file."""

    def __init__(self, *args):
        super().__init__(*args)
        self.read_of: list[tuple[int, int] | None] = []

    def stream(self, reference, chunk_bytes=1 << 20, *, start=0, stop=None):
        self.read_of.append((start, stop))
        return super().stream(reference, chunk_bytes, start=start, stop=stop)

    def local_file(self, reference):
        self.read_of.append(None)
        return super().local_file(reference)


class Finishing(Listener):
    """One that has more to do once all is heard."""

    def finish(self, recording, heard, language, plan):
        self.finished.append((len(recording.pcm), len(heard)))
        return Finished(tuple(replace(stretch, speaker="A") for stretch in heard), ("Finished.",))

    def __init__(self):
        super().__init__()
        self.finished = []


def plain_wav(samples) -> bytes:
    pcm = (samples * 32767).astype("<i2")
    return wav_header(len(pcm), RATE_HZ) + pcm.tobytes()


@pytest.fixture
def firm(cloned_database, store_settings, media, recognition, request):
    database = cloned_database("asr", lambda settings: migrate(settings, "asr", VERSIONS))
    settings = recognition.model_copy(update={"split_above_s": 60.0, "piece_s": 60.0})
    with opened_company(database, Watched(store_settings, "asr")) as company:
        yield Firm(company, media, Listener(), [], settings, request)


def pieces_of(firm, operation_id):
    return firm.company.rows("SELECT * FROM operation WHERE parent_id = %(id)s ORDER BY created_at", id=operation_id)


@pytest.mark.parametrize("codec", ["plain", "flac"])
def test_a_long_recording_is_heard_by_all_and_its_transcript_is_the_one_of_who_hears_it_alone(firm, codec):
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
    assert result.model_time_s == pytest.approx(sum(row["result"]["heard_in_s"] for row in pieces), abs=0.05)
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


class Interrupted(Parts):
    """Asks for some pieces, then the database is away."""

    left = 2

    async def submit(self, work, kind, number, request):
        if self.left == 0:
            raise DependencyUnavailable("The database is away.", retry_after_s=3600)
        self.left -= 1
        await super().submit(work, kind, number, request)


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
