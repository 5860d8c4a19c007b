"""What the asr service offers: ways to transcribe, measured or not."""

import asyncio

from setu_asr.calibration import likely
from setu_asr.calibrations import Calibrations
from setu_asr.settings import RecognitionSettings
from setu_common.contracts import InstalledCandidate, InstalledCandidates
from setu_common.models import Catalogue


class Offering:
    """Tells of it.

    Args:
        calibrations: what was measured.
        catalogue: has the models.
        settings: the model, numbers and batches that are used where nothing else is asked for.
    """

    def __init__(self, calibrations: Calibrations, catalogue: Catalogue, settings: RecognitionSettings) -> None:
        self._calibrations = calibrations
        self._catalogue = catalogue
        self._settings = settings

    async def candidates(self) -> InstalledCandidates:
        """What was measured, and ways that there are though nothing was."""
        measured = await self._calibrations.everywhere()
        known = {each.candidate for each in measured}
        unmeasured = await asyncio.to_thread(likely, self._catalogue, self._settings)
        others = (InstalledCandidate(candidate=way) for way in unmeasured if way not in known)
        return InstalledCandidates(candidates=(*measured, *others))
