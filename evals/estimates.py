"""How good estimates are: ``PYTHONPATH=tests/support python -m evals.estimates``; writes build/figures/estimates.json.

50 jobs are done, then 50 more, each estimated before it is done; five such rounds. Their lines are translated by the real engine, through
the real SDK, at a provider on loopback: what it keeps on its own bill is what an estimate is held against. The ledger is real as well. How
much is said in a minute varies by an assumed spread (``billed.jobs.SPREAD``), and what stages took is made up; the figures hold for that.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from bench.figures import judged, report

from billed.jobs import SPREAD, TENANT, Outcome, asked_for, outcome, past_of
from setu_cli.embedded.postgres import running_postgres
from setu_common.cost.ledger import SCHEMA, migrate_ledger
from setu_common.db import Database
from setu_common.settings import DatabaseSettings
from setu_metrics.estimates import Estimates

JOBS: Final = 50
SEEDS: Final = (11, 23, 47, 5, 8)
SHORTEST_S: Final = 300.0
LONGEST_S: Final = 1200.0
LINES_PER_REQUEST: Final = 25


async def one_round(settings: DatabaseSettings, seed: int) -> Outcome:
    """Do jobs, then estimate and do as many."""
    database = Database(settings, SCHEMA)
    estimates = Estimates(database)
    made, told = [], []
    async with past_of(settings, seed, LINES_PER_REQUEST) as past:
        past.shortest_s, past.longest_s = SHORTEST_S, LONGEST_S
        for _ in range(JOBS):
            await past.make(past.next_length_s())
        for _ in range(JOBS):
            duration_s = past.next_length_s()
            told.append(await estimates.of(TENANT, asked_for(duration_s)))
            made.append(await past.make(duration_s))
    await database.close()
    return outcome(made, told)


def main() -> None:
    """Measure, and report."""
    rounds = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(prefix="setu-eval-") as folder:
            Path(folder).chmod(0o755)  # the servers' own user enters it
            with running_postgres(Path(folder) / "postgres", durable=False) as server:
                settings = DatabaseSettings(url=server.url)
                migrate_ledger(settings)
                rounds.append(asyncio.run(one_round(settings, seed)))
    how = (
        f"{JOBS} jobs estimated before they were done, from {JOBS} to {2 * JOBS - 1} others, and held against the bill of the provider on "
        f"loopback that translated their lines; what is said a minute varies by {SPREAD:.0%}"
    )
    report(
        "estimates",
        [
            judged("costs in their 90 % range", [each.covered for each in rounds], unit="", goal=0.9, better="more", how=how),
            judged(
                "times in their 90 % range", [each.time_covered for each in rounds], unit="", goal=0.9, better="more", how=how
            ),
            judged("half the range of cost", [each.half_width for each in rounds], unit="", goal=0.25, better="less", how=how),
            judged(
                "error of cost", [each.median_error for each in rounds], unit="", goal=0.05, better="less", how=f"{how}; median"
            ),
        ],
    )


if __name__ == "__main__":
    main()
