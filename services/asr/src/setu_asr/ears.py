"""What hearing takes, whoever hears how much of a recording: the plan, the sound, its speech, and a loaded model."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.plans import overridden
from setu_asr.engines.demux.order import Limits
from setu_asr.engines.demuxer import Decoded, demux
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey, Recogniser, Remote, SpeechDetector
from setu_asr.errand import Engines, load_model, plan_for, step
from setu_asr.errors import UnusablePlan
from setu_asr.settings import RecognitionSettings
from setu_common.contracts import LANGUAGE_NAMES, AsrPlan, TranscriptionRequest
from setu_common.cost.own import OwnTime
from setu_common.models import Catalogue, UnknownModel
from setu_common.operations import Work

# Speech is looked for in stretches, which bounds memory: 10 minutes are 38 MB.
STRETCH_S: Final = 600.0
CUT_WITHIN_S: Final = 10.0

# Shares of the whole work, for the progress that is shown: decoding and looking for speech are fast beside recognition.
DECODED: Final = 0.05
SPEECH_FOUND: Final = 0.10


class Ears:
    """One worker's means of hearing.

    Args:
        catalogue: has the models.
        pool: keeps them loaded.
        engines: load them.
        find_speech: tells speech from other sound.
        settings: the default plan, and limits.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        pool: RecogniserPool,
        engines: Engines,
        find_speech: SpeechDetector,
        settings: RecognitionSettings,
    ) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._engines = engines
        self._find_speech = find_speech
        self.settings = settings

    def planned(self, request: TranscriptionRequest) -> AsrPlan:
        """How a request's recording is heard: by its plan or the default one, with its overrides.

        Raises:
            UnusablePlan: it can't be done in that way here.
        """
        plan = overridden(request.plan or self.settings.default_plan(), request.overrides)
        plan = plan_for(plan, self._engines(plan.engine), self._catalogue)
        self.check(plan, request.language)
        return plan

    def hosted(self, plan: AsrPlan) -> bool:
        """Whether it is heard elsewhere."""
        return isinstance(self._engines(plan.engine), Remote)

    def check(self, plan: AsrPlan, language: str | None) -> None:
        """What can be known to fail is said at once.

        Raises:
            UnusablePlan: it can't be done in that way here.
        """
        if self.hosted(plan):
            return
        try:
            model = self._catalogue[plan.model]
        except UnknownModel as error:
            raise UnusablePlan(f"{error.detail[0].upper()}{error.detail[1:]}.") from error
        if model.purpose != "speech":
            raise UnusablePlan(f"{plan.model} is not a speech model; choose one that is, such as {self.settings.model}.")
        if language is not None and model.languages and language not in model.languages:
            known = ", ".join(LANGUAGE_NAMES[code] for code in model.languages)
            raise UnusablePlan(
                f"{plan.model} knows only {known}, and the recording is said to be in {LANGUAGE_NAMES[language]}."
            )

    def local(self, plan: AsrPlan) -> AsrPlan:
        """A hosted plan as this machine's own engine does it."""
        own = self.settings.default_plan()
        explanation = f"{plan.explanation} Heard on this machine, since {plan.model} of {plan.engine} could not be had.".strip()
        return own.model_copy(
            update={
                "batch_size": plan.batch_size,
                "redecode": plan.redecode,
                "source": plan.source,
                "explanation": explanation,
            }
        )

    def decoded(self, path: Path, work: Work) -> Decoded:
        """A file's sound. Blocks.

        Raises:
            UnusableMedia: it has none that can be used; its subclasses say why.
            Abandoned: the work was cancelled.
        """
        work.progress(0.0, "reading the media")
        return demux(
            path,
            self.settings.scratch_folder,
            Limits(max_duration_s=self.settings.max_duration_s),
            lambda share: step(work, DECODED * share, "reading the media"),
        )

    def speech(self, recording: Recording, work: Work) -> Iterator[Region]:
        """Its stretches of speech in order, each as soon as it is found. Blocks.

        Raises:
            Abandoned: the work was cancelled.
        """
        for stretch in recording.stretches(STRETCH_S, CUT_WITHIN_S):
            share = stretch.start_s / recording.duration_s
            step(work, DECODED + (SPEECH_FOUND - DECODED) * share, "looking for speech")
            for part in self._find_speech(recording.samples(stretch)):
                yield Region(stretch.start + part.start, stretch.start + part.end)

    def leased(self, leases: ExitStack, plan: AsrPlan, work: Work, spent: OwnTime) -> Recogniser:
        """A plan's model, loaded for as long as the leases last. Blocks.

        Raises:
            SetuError: it can't be had or loaded.
            Abandoned: the work was cancelled.
        """
        key = ModelKey(plan.engine, plan.model, plan.compute_type)

        def load() -> Recogniser:
            return load_model(self._catalogue, self._engines, key, lambda note: step(work, SPEECH_FOUND, note))

        return leases.enter_context(self._pool.lease(key, load, spent.loaded))
