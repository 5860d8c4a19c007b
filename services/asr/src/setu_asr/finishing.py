"""What follows recognition, where an engine can do it: words aligned, speakers named. What it can't is noted."""

from dataclasses import replace

from setu_asr.domain.audio import Recording
from setu_asr.engines.recogniser import Finisher, Recogniser
from setu_asr.listening import Listened
from setu_common.contracts import AsrPlan


def finished(
    recogniser: Recogniser | None, recording: Recording, listened: Listened, plan: AsrPlan
) -> tuple[Listened, tuple[str, ...]]:
    """What was heard, finished as the plan wants it, and what is less than it wants. No recogniser: one that finishes nothing."""
    if isinstance(recogniser, Finisher):
        done = recogniser.finish(recording, listened.heard, listened.language, plan)
        return replace(listened, heard=done.heard), done.notes
    notes = []
    if plan.align:
        notes.append(f"Words are not aligned: the engine {plan.engine} has no aligner, and tells their times by itself.")
    if plan.diarise:
        notes.append(f"Speakers are not named: the engine {plan.engine} can't tell them apart. The engine whisperx can.")
    return listened, tuple(notes)
