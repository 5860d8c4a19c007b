"""Measures how long each way to transcribe takes on this machine: ``python -m setu_asr.calibrate``.

Once a machine, and again after other libraries or models came: what was measured before is left out, unless ``--again``. The optimizer
plans with it. It takes minutes, and does no harm while workers are at it: what counts is the processor's time.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from setu_asr.calibration import ENGINE, Stopwatch, every, installed, likely, spoken_sound
from setu_asr.calibrations import Calibrations
from setu_asr.engines.machine import this_machine
from setu_asr.settings import SERVICE, AsrSettings, read_settings
from setu_asr.worker import Installed, concurrency_of, threads_of
from setu_common.contracts import Candidate, InstalledCandidate
from setu_common.db import Database
from setu_common.errors import SetuError
from setu_common.models import Catalogue


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, keep, and print a line for each way."""
    asked = _parser().parse_args(arguments)
    try:
        asyncio.run(_calibrated(read_settings(), usual=asked.usual, again=asked.again))
    except SetuError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    return 0


async def _calibrated(settings: AsrSettings, *, usual: bool, again: bool) -> None:
    catalogue, recognition = Catalogue.load(settings.models), settings.recognition
    concurrency = concurrency_of(settings)
    machine = this_machine(recognition.device, threads_of(recognition, concurrency))
    database = Database(settings.core.database, SERVICE)
    calibrations = Calibrations(database)
    try:
        known = {each.candidate: each for each in await calibrations.of(machine)}
        asked = (likely if usual else every)(catalogue, recognition)
        wanted = [way for way in asked if again or way not in known]
        sys.stdout.write(f"{machine.said}: {len(wanted)} of {len(asked)} ways are to be measured\n")
        await calibrations.forget_others(machine, installed(catalogue, recognition))
        if not wanted:
            return
        clips = await asyncio.to_thread(spoken_sound, catalogue, recognition.scratch_folder)
        load = Installed(recognition, concurrency)(ENGINE)
        measuring = Stopwatch(clips, catalogue, load, machine).measured(_by_model(wanted), _skipped)
        while (measured := await asyncio.to_thread(next, measuring, None)) is not None:
            await calibrations.keep(machine, measured)
            sys.stdout.write(f"{_said(measured)}\n")
            sys.stdout.flush()
    finally:
        await database.close()


def _by_model(wanted: Sequence[Candidate]) -> list[Candidate]:
    """Those beside each other for which one model is loaded once; else in their order."""
    order = list(dict.fromkeys((way.model, way.compute_type) for way in wanted))
    return sorted(wanted, key=lambda way: order.index((way.model, way.compute_type)))


def _said(measured: InstalledCandidate) -> str:
    way = measured.candidate
    name = f"{way.model}, {way.compute_type}, beam {way.beam_size}, batches of {way.batch_size}"
    return f"{name}: {measured.time_factor:.4f} s for a second of sound"


def _skipped(way: Candidate, why: str) -> None:
    sys.stderr.write(f"{way.model}, {way.compute_type}: {why}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m setu_asr.calibrate", description="Measure how long each way to transcribe takes on this machine."
    )
    parser.add_argument(
        "--usual", action="store_true", help="only with the numbers and batches of the settings: a minute or two"
    )
    parser.add_argument("--again", action="store_true", help="also what was measured before")
    return parser


if __name__ == "__main__":
    sys.exit(main())
