"""Probing a recording: a short share of it through the smallest model that knows its language."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from setu_asr.domain.audio import RATE_HZ, Recording, Region
from setu_asr.domain.probe import faster, places, told
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import Glancer, ModelKey
from setu_asr.errand import Abandoned, Engines, load_model
from setu_asr.settings import RecognitionSettings
from setu_common.contracts import AudioProbe
from setu_common.cost.own import OwnTime
from setu_common.models import Catalogue

ENGINE: Final = "faster-whisper"

log = structlog.get_logger()


class ProbeTime(OwnTime):
    """What a probe takes.

    Attributes:
        model: the one that heard it, once it is chosen.
    """

    model = ""


def probe(
    recording: Recording,
    speech: Sequence[Region],
    recogniser: Glancer,
    *,
    language: str,
    model: str,
    probe_s: float,
    twice: bool = False,
) -> AudioProbe | None:
    """What a small model makes of a share of a recording. Blocks.

    Args:
        recording: the whole of it.
        speech: where in it somebody speaks, in order, not overlapping.
        recogniser: the model, loaded.
        language: the one that is spoken.
        model: the recogniser's name.
        probe_s: how much is heard at most.
        twice: whether it is heard a little faster as well, and both hearings are compared.

    Returns:
        None where there is no speech of a second and more.
    """
    began_s = time.monotonic()
    clips = [recording.samples(place) for place in places(speech, probe_s)]
    if not clips:
        return None
    heard = recogniser.glance([*clips, *(map(faster, clips) if twice else ())], language)
    pieces_s = [len(clip) / RATE_HZ for clip in clips]
    return told(model, pieces_s, heard[: len(clips)], heard[len(clips) :], time.monotonic() - began_s)


class Prober:
    """Probes recordings, where a model for it is here already: none is fetched for that alone.

    Args:
        catalogue: has the models.
        pool: keeps them loaded.
        engines: load them.
        settings: whether, how long, and by which model.
    """

    def __init__(self, *, catalogue: Catalogue, pool: RecogniserPool, engines: Engines, settings: RecognitionSettings) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._engines = engines
        self._settings = settings

    def model_for(self, language: str) -> str | None:
        """The model that is asked: the one of the settings, or the smallest that is here and knows the language."""
        if not self._settings.probe:
            return None
        named = self._settings.probe_model
        models = [self._catalogue[name] for name in self._catalogue.names() if named in (None, name)]
        able = [
            model
            for model in models
            if model.purpose == "speech"
            and (not model.languages or language in model.languages)
            and self._catalogue.has(model.name)
        ]
        return min(able, key=lambda model: model.bytes).name if able else None

    def __call__(
        self,
        recording: Recording,
        speech: Sequence[Region],
        language: str,
        spent: ProbeTime,
        said: Callable[[str], None],
    ) -> AudioProbe | None:
        """Probe a recording. Blocks. What goes wrong is logged and costs the probe, never the profile.

        Args:
            recording: the whole of it.
            speech: where in it somebody speaks.
            language: the one that is spoken.
            spent: told how long the model takes.
            said: told what is done; may raise `Abandoned`.
        """
        model = self.model_for(language)
        if model is None:
            if self._settings.probe:
                log.info("probe.no_model", language=language, wanted=self._settings.probe_model)
            return None
        key = ModelKey(ENGINE, model, self._settings.compute_type)
        spent.model = model
        said("probing")
        try:
            with (
                spent,
                self._pool.lease(
                    key, lambda: load_model(self._catalogue, self._engines, key, said), spent.loaded
                ) as recogniser,
            ):
                if not isinstance(recogniser, Glancer):
                    log.info("probe.no_model", language=language, wanted=model)
                    return None
                return probe(
                    recording,
                    speech,
                    recogniser,
                    language=language,
                    model=model,
                    probe_s=self._settings.probe_seconds,
                    twice=self._settings.probe_twice,
                )
        except Abandoned:
            raise
        except Exception as error:  # noqa: BLE001  whatever a model does, a recording without a probe is transcribed as well
            log.warning("probe.failed", model=model, language=language, reason=str(error), kind=type(error).__name__)
            return None
