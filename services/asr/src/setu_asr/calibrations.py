"""What was measured of ways to transcribe, in the service's schema: by machine, since workers may run on several."""

from collections.abc import Sequence
from typing import Final, LiteralString

from setu_asr.domain.calibration import Machine
from setu_common.contracts import Candidate, InstalledCandidate
from setu_common.db import Database

_KEEP: Final[LiteralString] = """
INSERT INTO calibration (machine, said, engine, model, beam_size, batch_size, compute_type, time_factor, measured_at)
VALUES (
    %(machine)s, %(said)s, %(engine)s, %(model)s, %(beam_size)s, %(batch_size)s, %(compute_type)s, %(time_factor)s, %(measured_at)s
)
ON CONFLICT (machine, engine, model, beam_size, batch_size, compute_type)
DO UPDATE SET time_factor = excluded.time_factor, measured_at = excluded.measured_at
"""
_FORGET: Final[LiteralString] = "DELETE FROM calibration WHERE machine = %(machine)s AND NOT model = ANY(%(models)s)"
_OF_MACHINE: Final[LiteralString] = "SELECT * FROM calibration WHERE machine = %(machine)s ORDER BY time_factor"
# A job may be done by any worker: by the slowest, to be on the safe side.
_SLOWEST: Final[LiteralString] = """
SELECT DISTINCT ON (engine, model, beam_size, batch_size, compute_type) * FROM calibration
WHERE machine IN (SELECT machine FROM calibration GROUP BY machine HAVING max(measured_at) > now() - %(days)s * interval '1 day')
ORDER BY engine, model, beam_size, batch_size, compute_type, time_factor DESC
"""
FORGOTTEN_DAYS: Final = 180  # after which a machine is taken for gone


class Calibrations:
    """Keeps them.

    Args:
        database: the asr service's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, machine: Machine, measured: InstalledCandidate) -> None:
        """Put one down; it takes the place of what was measured before on that machine."""
        values = measured.candidate.model_dump() | {
            "machine": machine.fingerprint,
            "said": machine.said,
            "time_factor": measured.time_factor,
            "measured_at": measured.measured_at,
        }
        async with self._database.transaction() as connection:
            await connection.exec_driver_sql(_KEEP, values)

    async def forget_others(self, machine: Machine, models: Sequence[str]) -> None:
        """Of models that are on that machine no longer nothing is offered."""
        async with self._database.transaction() as connection:
            await connection.exec_driver_sql(_FORGET, {"machine": machine.fingerprint, "models": list(models)})

    async def of(self, machine: Machine) -> Sequence[InstalledCandidate]:
        """What was measured on a machine, the fastest first."""
        return await self._read(_OF_MACHINE, {"machine": machine.fingerprint})

    async def everywhere(self) -> Sequence[InstalledCandidate]:
        """What was measured of late on any machine; of a way that was measured on several, what the slowest takes."""
        return await self._read(_SLOWEST, {"days": FORGOTTEN_DAYS})

    async def _read(self, query: LiteralString, values: dict[str, object]) -> Sequence[InstalledCandidate]:
        async with self._database.reading() as connection:
            rows = (await connection.exec_driver_sql(query, values)).all()
        return [
            InstalledCandidate(
                candidate=Candidate(
                    engine=row.engine,
                    model=row.model,
                    beam_size=row.beam_size,
                    batch_size=row.batch_size,
                    compute_type=row.compute_type,
                ),
                time_factor=row.time_factor,
                measured_at=row.measured_at,
            )
            for row in rows
        ]
