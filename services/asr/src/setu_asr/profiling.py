"""Taking a recording's measure: its sound in figures, its language, and the decoded sound itself for all who come later."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import structlog

from setu_asr.domain.audio import RATE_HZ, Recording
from setu_asr.domain.clips import pack
from setu_asr.domain.profile.languages import spread, verdict
from setu_asr.domain.profile.measure import SoundMeter
from setu_asr.domain.wav import LONGEST_BYTES
from setu_asr.engines.demux.order import SAMPLE_BYTES, Limits
from setu_asr.engines.demuxer import demux
from setu_asr.engines.pool import RecogniserPool
from setu_asr.engines.recogniser import ModelKey
from setu_asr.engines.voicing import VoiceDetector
from setu_asr.errand import Abandoned, Engines, load_model, step
from setu_asr.probing import Prober, ProbeTime
from setu_asr.settings import RecognitionSettings
from setu_asr.sound import keep_sound
from setu_common.contracts import AudioProbe, AudioProfile, LanguageWindow, ProfileRequest, ProfileResult
from setu_common.cost import Meter, Unmetered
from setu_common.cost.own import OwnTime, computed_here
from setu_common.models import Catalogue
from setu_common.operations import Work
from setu_common.store import Store

# The walk goes in stretches, which bounds its memory: a minute is 4 MB as floats.
STRETCH_S: Final = 60.0
CUT_WITHIN_S: Final = 5.0

# Shares of the whole work, for the progress that is shown.
DECODED: Final = 0.4
MEASURED: Final = 0.7
LISTENED: Final = 0.9

log = structlog.get_logger()


@dataclass(frozen=True)
class _Measured:
    profile: AudioProfile
    probe: AudioProbe | None
    recording: Recording
    model_time_s: float
    model_load_s: float


class ProfilingService:
    """Does what a ProfileRequest asks.

    Args:
        store: has the media and takes the sound.
        catalogue: has the models.
        pool: keeps them loaded.
        engines: load them.
        voices: tells how probable speech is.
        prober: hears a share of the recording; None: nobody does.
        settings: the model that tells languages, and limits.
        meter: told what models take.
    """

    def __init__(
        self,
        *,
        store: Store,
        catalogue: Catalogue,
        pool: RecogniserPool,
        engines: Engines,
        voices: VoiceDetector,
        settings: RecognitionSettings,
        prober: Prober | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._pool = pool
        self._engines = engines
        self._voices = voices
        self._settings = settings
        self._prober = prober
        self._meter = meter or Unmetered()

    async def profile(self, request: ProfileRequest, work: Work) -> ProfileResult:
        """The handler of the kind ``profiles``. A recording in which nobody speaks has a profile too.

        Raises:
            UnusableMedia: the media can't be opened, or has no sound; its subclasses say why.
            ObjectMissing: the media is not in the store.
        """
        spent, probing = OwnTime(self._settings.device), ProbeTime(self._settings.device)
        async with self._store.local_file(request.media) as path:
            try:
                async with self._on_record(probing), computed_here(self._meter, self._settings.model, spent):
                    done = await work.in_thread(self._measure, path, request.language, work, spent, probing)
            except Abandoned:
                raise asyncio.CancelledError from None
            audio = await keep_sound(self._store, work.tenant, done.recording)
        profile = done.profile
        log.info(
            "profile.made",
            duration_s=round(profile.duration_s, 3),
            speech_ratio=round(profile.speech_ratio, 3),
            language=profile.language,
            probed_by=done.probe.model if done.probe else None,
            model_time_s=round(done.model_time_s, 3),
        )
        return ProfileResult(
            profile=profile, probe=done.probe, audio=audio, model_time_s=done.model_time_s, model_load_s=done.model_load_s
        )

    @asynccontextmanager
    async def _on_record(self, probing: ProbeTime) -> AsyncIterator[None]:
        """Go around a profile: what its probe took is put down to the model that heard it, which is known once it is chosen."""
        try:
            yield
        finally:
            if probing.began:
                async with computed_here(self._meter, probing.model, probing):
                    pass

    def _measure(self, path: Path, language: str | None, work: Work, spent: OwnTime, probing: ProbeTime) -> _Measured:
        """All that blocks; in a thread of its own."""
        step(work, 0.0, "reading the media")
        longest_s = min(self._settings.max_duration_s, LONGEST_BYTES / SAMPLE_BYTES / RATE_HZ)
        decoded = demux(
            path,
            self._settings.scratch_folder,
            Limits(max_duration_s=longest_s),
            lambda share: step(work, DECODED * share, "reading the media"),
            language=language,
        )
        recording = decoded.recording
        meter = SoundMeter(self._settings.vad_threshold)
        with spent:
            model_time_s = self._listen(recording, meter, work)
        windows: list[LanguageWindow] = []
        found = (language, 1.0) if language is not None else None
        if found is None:
            began_s = time.monotonic()
            with spent:
                windows = self._languages(recording, meter, work, spent)
            model_time_s += time.monotonic() - began_s
            found = verdict(windows)
        probe = None
        if self._prober is not None and found is not None:
            began_s = time.monotonic()
            probe = self._prober(recording, meter.speech(), found[0], probing, lambda note: step(work, LISTENED, note))
            model_time_s += time.monotonic() - began_s
        profile = AudioProfile(
            duration_s=recording.duration_s,
            track=decoded.track,
            **asdict(meter.figures()),
            language=found[0] if found else None,
            language_probability=found[1] if found else None,
            languages=tuple(windows),
        )
        work.progress(1.0, "measured")
        return _Measured(profile, probe, recording, model_time_s, spent.load_s + probing.load_s)

    def _listen(self, recording: Recording, meter: SoundMeter, work: Work) -> float:
        """Walk through all of it, and return the seconds inside the model that tells speech."""
        inside_s = 0.0
        for stretch in recording.stretches(STRETCH_S, CUT_WITHIN_S):
            share = stretch.start_s / recording.duration_s
            step(work, DECODED + (MEASURED - DECODED) * share, "measuring the sound")
            began_s = time.monotonic()
            probabilities = self._voices(recording.samples(stretch))
            inside_s += time.monotonic() - began_s
            meter.add(recording.pcm[stretch.start : stretch.end], probabilities)
        return inside_s

    def _languages(self, recording: Recording, meter: SoundMeter, work: Work, spent: OwnTime) -> list[LanguageWindow]:
        """Which language is spoken at a few places."""
        clips = spread(list(pack(meter.speech())))
        if not clips:
            return []
        plan = self._settings.default_plan()
        key = ModelKey(plan.engine, plan.model, plan.compute_type)
        windows: list[LanguageWindow] = []
        with self._pool.lease(
            key,
            lambda: load_model(self._catalogue, self._engines, key, lambda note: step(work, MEASURED, note)),
            spent.loaded,
        ) as recogniser:
            for number, clip in enumerate(clips):
                step(work, MEASURED + (LISTENED - MEASURED) * number / len(clips), "asking for the language")
                language, probability = recogniser.detect_language([recording.samples(clip)])
                windows.append(
                    LanguageWindow(
                        start_s=clip.start_s,
                        end_s=clip.start_s + clip.duration_s,
                        language=language,
                        probability=probability,
                    )
                )
        return windows
