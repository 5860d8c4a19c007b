"""``python -m billed.worker``: operations that each ask a language model some times, at the URL that BILLED_URL names."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

from probe.kinds import Done, Task
from setu_common.contracts import OperationKind
from setu_common.cost.recording import metering
from setu_common.cost.settings import PriceSettings, Rates
from setu_common.http import Dependencies, Policy
from setu_common.llm import LimitPolicy, Limits
from setu_common.llm.openai_provider import OpenAiProvider
from setu_common.operations import Bound, Work, WorkerSpec, run_worker
from setu_common.settings import read_core_settings

PAID = OperationKind(name="paid", service="probe", queue="probe", request=Task, result=Done, timeout_s=60.0, max_attempts=20)
MODEL = "dear"
RATES = Rates(input_mtok=Decimal(3), cache_read_mtok=Decimal("0.3"), output_mtok=Decimal(15))
PRICES = PriceSettings(overrides={f"fake/{MODEL}": RATES})


@asynccontextmanager
async def wire() -> AsyncIterator[Sequence[Bound]]:
    dependencies = Dependencies()
    async with (
        metering(read_core_settings().database, PRICES) as meter,
        OpenAiProvider(
            base_url=os.environ["BILLED_URL"],
            model=MODEL,
            api_key=None,
            billed_as="fake",
            dependency=dependencies.dependency("fake", Policy(attempt_s=10.0)),
            limits=Limits("fake", LimitPolicy(at_once=8), dependencies.timing),
            meter=meter,
            timeout_s=10.0,
        ) as provider,
    ):

        async def ask(task: Task, work: Work) -> Done:
            for number in range(task.times):
                said = f"{work.operation_id} {work.attempt} {number} {'word ' * (task.count % 17)}"
                await provider.complete(said, max_tokens=60)
            return Done(count=task.count, attempt=work.attempt)

        yield [Bound(PAID, ask)]


def main() -> None:
    run_worker(WorkerSpec(service="probe", kinds=(PAID,), wire=wire, concurrency=2), read_core_settings())


if __name__ == "__main__":
    main()
