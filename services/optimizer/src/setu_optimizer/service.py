"""Saying how a recording is best transcribed. Whatever goes wrong with that, the answer is a plan."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from setu_common.contracts import AsrPlan, Prediction, PredictionRequest
from setu_common.errors import SetuError
from setu_optimizer.domain.prediction.priors import Table
from setu_optimizer.predictors.answering import abstained, answer
from setu_optimizer.predictors.machine import Machine
from setu_optimizer.predictors.predictor import Predictor

log = structlog.get_logger()

Current = Callable[[], Awaitable[tuple[Predictor, Machine]]]
SWITCHED_OFF = "Predictions are switched off (SETU_OPTIMIZER_PREDICT)."


class Predictions:
    """Answers PredictionRequests.

    Args:
        current: the model that is asked, and the machine that transcribes; None: nothing is predicted.
        table: what is published of models.
        default: the plan where nothing is predicted.
        timeout_s: what takes longer is left.
    """

    def __init__(self, current: Current | None, table: Table, default: AsrPlan, timeout_s: float) -> None:
        self._current = current
        self._table = table
        self._default = default
        self._timeout_s = timeout_s
        # Where something hangs, those who come after it wait for no longer than it may take.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="predict")

    async def predict(self, request: PredictionRequest) -> Prediction:
        """A plan, the ways it was chosen from, and why; it is never refused."""
        began_s = time.monotonic()
        prediction = await self._predicted(request)
        took_s = time.monotonic() - began_s
        log.info(
            "prediction.made",
            predictor=prediction.predictor,
            model=prediction.plan.model,
            beam_size=prediction.plan.beam_size,
            source=prediction.plan.source,
            abstained=prediction.abstained,
            took_s=round(took_s, 4),
        )
        return prediction.model_copy(update={"took_s": round(took_s, 4)})

    def close(self) -> None:
        """End the threads; what hangs in one is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _predicted(self, request: PredictionRequest) -> Prediction:
        if self._current is None:
            return abstained(request, self._default, SWITCHED_OFF)
        try:
            async with asyncio.timeout(self._timeout_s):
                predictor, machine = await self._current()
                running = asyncio.get_running_loop().run_in_executor(
                    self._threads, answer, request, predictor, machine, self._table, self._default
                )
                return await asyncio.shield(running)
        except TimeoutError:
            log.warning("prediction.too_slow", timeout_s=self._timeout_s)
            return abstained(request, self._default, f"Predicting took longer than {self._timeout_s:g} s.")
        except SetuError as error:
            return abstained(request, self._default, error.detail)
        except Exception:
            log.exception("prediction.failed")
            return abstained(request, self._default, "Predicting failed; the service's log says why.")
