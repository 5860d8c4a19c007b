"""From stretches of speech to what is said in them: clips in batches, what was left out once more, the right script."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.clips import pack
from setu_asr.domain.doubt import believable, left_out
from setu_asr.domain.guard import guard
from setu_asr.domain.heard import Heard
from setu_asr.domain.hints import Hints
from setu_asr.domain.pieces import clips_a_piece, cut
from setu_asr.domain.script import astray, insisting, put_right, scripted
from setu_asr.domain.segmentation import phrased, segments_of
from setu_asr.domain.surroundings import Surroundings
from setu_asr.engines.recogniser import Recogniser
from setu_asr.errand import step
from setu_common.contracts import AsrPlan, Removal, Segment
from setu_common.operations import Work

LISTENED_TO: Final = 4  # clips, to tell the language


@dataclass(frozen=True)
class Listened:
    """What was heard in a recording, in which language, and how probable that is."""

    heard: tuple[Heard, ...]
    language: str
    probability: float


@dataclass(frozen=True)
class Written:
    """The segments that came of it, what was taken out, and what is less than asked for."""

    segments: tuple[Segment, ...]
    removed: tuple[Removal, ...]
    notes: tuple[str, ...]


def listen(
    recogniser: Recogniser,
    recording: Recording,
    speech: Sequence[Region],
    *,
    language: str | None,
    plan: AsrPlan,
    hints: Hints,
    work: Work,
    since: float,
    piece_s: float | None,
) -> Listened:
    """Recognise all the speech of a recording.

    Args:
        recogniser: a loaded model.
        recording: the whole of it.
        speech: its stretches of speech, in order; at least one.
        language: a language code; None: the recogniser tells it.
        plan: beam and batch size, and whether what is doubtful or left out is heard again.
        hints: a prompt and a temperature.
        work: is told how far it is, and says when to stop.
        since: the share of the work that is done before.
        piece_s: so much sound is heard at a time (`setu_asr.domain.pieces`), as workers would that share it; None: all at once.

    Raises:
        Abandoned: the work was cancelled.
    """
    step(work, since, "transcribing")
    clips = list(pack(speech))
    probability = 1.0
    if language is None:
        language, probability = recogniser.detect_language([recording.samples(clip) for clip in clips[:LISTENED_TO]])
    together = len(clips) if piece_s is None else clips_a_piece(piece_s, plan.batch_size)

    def told(place: int) -> None:
        step(work, since + (1 - since) * place / len(recording.pcm), "transcribing")

    heard: list[Heard] = []
    for piece in cut(clips, together):
        heard.extend(hear(recogniser, recording, piece.clips, speech, language=language, plan=plan, hints=hints, told=told))
    told(len(recording.pcm))
    return Listened(tuple(heard), language, probability)


def hear(
    recogniser: Recogniser,
    recording: Recording,
    clips: Sequence[Region],
    speech: Sequence[Region],
    *,
    language: str,
    plan: AsrPlan,
    hints: Hints,
    told: Callable[[int], None],
) -> list[Heard]:
    """Recognise what is said in some clips of a recording: batch by batch, and then what was left out once more.

    Args:
        recogniser: a loaded model.
        recording: has the sound of the clips at least.
        clips: in order; at least one.
        speech: the stretches of speech that they were cut around, at least.
        language: a language code.
        plan: see ``listen``.
        hints: see ``listen``.
        told: told up to which of the recording's samples all is heard, before each batch and at the end; what it raises ends the work.
    """
    hints = scripted(hints, language)
    waiting = deque(clips)
    heard: list[Heard] = []
    again: set[Region] = set()
    place = clips[0].start
    while waiting:
        told(place)
        batch = [waiting.popleft() for _ in range(min(plan.batch_size, len(waiting)))]
        samples = [recording.samples(clip) for clip in batch]
        found = recogniser.recognise(samples, language, plan, hints)
        for clip, sound, stretches in zip(batch, samples, found, strict=True):
            if astray(stretches, language):
                told(place)
                once = plan.model_copy(update={"redecode": False})
                [second] = recogniser.recognise([sound], language, once, insisting(hints, language, heard))
                stretches = second if second and not astray(second, language) else stretches  # noqa: PLW2901
            placed = [stretch.later(clip.start_s) for stretch in stretches]
            if clip in again:
                placed = [stretch for stretch in placed if believable(stretch)]
            heard.extend(placed)
            rest = left_out(clip, speech, placed) if plan.redecode else None
            if rest is not None:
                waiting.append(rest)
                again.add(rest)
        place = max(place, min((clip.start for clip in waiting), default=clips[-1].end))
    told(place)
    return heard


def write_down(listened: Listened, recording: Recording, speech: Sequence[Region]) -> Written:
    """Put what was heard in order: phrases, in the language's own script, without what nobody said."""
    language = listened.language
    phrases = put_right(phrased(listened.heard, language), language)
    guarded = guard(phrases, Surroundings.of(recording, speech), language)
    segments = segments_of(guarded.kept, recording.duration_s, language)
    notes = []
    transliterated = sum(segment.transliterated for segment in segments)
    if transliterated:
        notes.append(
            f"{transliterated} of {len(segments)} segments were heard in Urdu's script and put into Devanagari letter by letter; "
            "check their spelling. A larger model hears them in Devanagari."
        )
    return Written(segments, guarded.removed, tuple(notes))
