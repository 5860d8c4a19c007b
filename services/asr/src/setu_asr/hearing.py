"""Hearing a piece of a recording: a part of its transcription, done by whichever worker is free."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from math import isfinite

import numpy as np
import structlog

from setu_asr.domain.audio import Recording, Region
from setu_asr.domain.heard import Heard, HeardWord
from setu_asr.domain.hints import Hints
from setu_asr.domain.wav import HEADER_BYTES
from setu_asr.ears import Ears
from setu_asr.engines.demux.order import SAMPLE_BYTES
from setu_asr.errand import Abandoned, step
from setu_asr.errors import MediaTruncated
from setu_asr.listening import hear
from setu_common.contracts.pieces import HeardPiece, PieceRequest, PieceStretch, PieceWord
from setu_common.cost import Meter
from setu_common.cost.own import OwnTime, computed_here
from setu_common.operations import Work
from setu_common.store import Store

log = structlog.get_logger()


class PieceService:
    """Does what a PieceRequest asks.

    Args:
        ears: hear.
        store: has the sound.
        meter: told what models take.
    """

    def __init__(self, *, ears: Ears, store: Store, meter: Meter) -> None:
        self._ears = ears
        self._store = store
        self._meter = meter

    async def hear(self, request: PieceRequest, work: Work) -> HeardPiece:
        """The handler of the kind ``transcription-pieces``.

        Raises:
            MediaTruncated: the sound ends before the piece does.
            UnusablePlan: it can't be heard in that way here.
            ObjectMissing: the sound is not in the store.
        """
        spent = OwnTime(self._ears.settings.device)
        self._ears.check(request.plan, request.language)
        recording = await self._sound(request)
        try:
            async with computed_here(self._meter, request.plan.model, spent):
                heard, heard_in_s = await work.in_thread(self._hear, request, recording, work, spent)
        except Abandoned:
            raise asyncio.CancelledError from None
        log.info("piece.heard", clips=len(request.clips), stretches=len(heard), model_time_s=round(heard_in_s, 3))
        return HeardPiece(
            heard=tuple(map(_told, heard)), model=request.plan.model, heard_in_s=heard_in_s, loaded_in_s=spent.load_s
        )

    async def _sound(self, request: PieceRequest) -> Recording:
        """The piece's sound, and no more of the recording."""
        start, end = request.clips[0][0], request.clips[-1][1]
        first, behind = (HEADER_BYTES + SAMPLE_BYTES * sample for sample in (start, end))
        sound = bytearray()
        async for chunk in self._store.stream(request.media, start=first, stop=behind):
            sound += chunk
        if len(sound) != behind - first:
            raise MediaTruncated("The recording's sound ends before its last piece does. Submit the recording again.")
        return Recording(np.frombuffer(sound, np.int16), since=start)

    def _hear(self, request: PieceRequest, recording: Recording, work: Work, spent: OwnTime) -> tuple[list[Heard], float]:
        """All that blocks; in a thread of its own."""
        start, end = request.clips[0][0], request.clips[-1][1]
        began_s = time.monotonic()
        with spent, ExitStack() as leases:
            recogniser = self._ears.leased(leases, request.plan, work, spent)
            heard = hear(
                recogniser,
                recording,
                [Region(*clip) for clip in request.clips],
                [Region(*stretch) for stretch in request.speech],
                language=request.language,
                plan=request.plan,
                hints=Hints(request.prompt, request.temperature),
                told=lambda place: step(work, (place - start) / (end - start), "transcribing"),
            )
        return heard, time.monotonic() - began_s


def heard_of(piece: HeardPiece) -> Iterator[Heard]:
    """What was heard in a piece, as it was when it was heard."""
    for told in piece.heard:
        fields = told.model_dump(exclude={"words"})
        yield Heard(**fields, words=tuple(HeardWord(**word.model_dump()) for word in told.words))


def _told(heard: Heard) -> PieceStretch:
    return PieceStretch(
        start_s=heard.start_s,
        end_s=heard.end_s,
        text=heard.text,
        words=tuple(PieceWord(**asdict(word)) for word in heard.words),
        avg_logprob=_finite(heard.avg_logprob),
        no_speech_prob=_finite(heard.no_speech_prob),
        compression_ratio=_finite(heard.compression_ratio),
        speaker=heard.speaker,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
