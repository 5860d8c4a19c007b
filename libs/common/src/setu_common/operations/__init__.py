"""Operations: the one durable thing.

The table is the truth; a Celery message only says "there is work in this queue". A worker that gets a hint claims the next eligible row
under a lease with a fencing token; a heartbeat extends it; the result and the state commit in one transaction that checks the token.

In order of an operation's life: ``service`` submits · ``broker``/``hints`` tell the workers · ``claims`` takes a row · ``runner`` runs its
handler · ``heart`` keeps the lease or ends the process · ``claims`` writes the end · ``parts``/``lineage`` share work out · ``monitor``/``reaping`` mend what died ·
``retention`` ends what is old. docs/operations.md tells the whole story.

``api`` and ``routes``, what there is over HTTP, are imported by name: workers have no use for it, and it takes a quarter of their start.
"""

from setu_common.operations.asides import Aside, write_aside_in
from setu_common.operations.endings import Ending, Settled, Statement
from setu_common.operations.hints import Hints
from setu_common.operations.parts import Part, PartDiffers, Parts
from setu_common.operations.retention import Keepsakes
from setu_common.operations.service import Operations
from setu_common.operations.work import Bound, Handler, Park, Work
from setu_common.operations.worker import WorkerSpec, run_worker

__all__ = [
    "Aside",
    "Bound",
    "Ending",
    "Handler",
    "Hints",
    "Keepsakes",
    "Operations",
    "Park",
    "Part",
    "PartDiffers",
    "Parts",
    "Settled",
    "Statement",
    "Work",
    "WorkerSpec",
    "run_worker",
    "write_aside_in",
]
