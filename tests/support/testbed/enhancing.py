"""The enhancer's settings for tests: those that are usual, but for what a test is about."""

from collections.abc import Mapping
from typing import Any

from setu_common.clients.tmdb import TmdbSettings
from setu_common.cost.settings import PriceSettings
from setu_common.llm.settings import LlmSettings
from setu_common.settings import (
    CoreSettings,
    DatabaseSettings,
    LogSettings,
    OperationSettings,
    RedisSettings,
    StoreSettings,
    WorkerSettings,
)
from setu_enhancer.settings import (
    EditingSettings,
    EnhancerSettings,
    LocalModelSettings,
    MemorySettings,
    SelectionSettings,
    TrialSettings,
)


def core_settings(database: DatabaseSettings, redis: RedisSettings, store: StoreSettings) -> CoreSettings:
    """Where a test's servers are."""
    return CoreSettings(
        database=database,
        redis=redis,
        store=store,
        operations=OperationSettings(),
        log=LogSettings(),
        worker=WorkerSettings(),
    )


def enhancer_settings(core: CoreSettings, **blocks: Any) -> EnhancerSettings:  # Any: fields of EnhancerSettings
    """Settings of the enhancer.

    Args:
        core: where its servers are.
        blocks: those that are not the usual ones.
    """
    usual: Mapping[str, Any] = {
        "editing": EditingSettings(),
        "selection": SelectionSettings(),
        "memory": MemorySettings(),
        "local": LocalModelSettings(),
        "llm": LlmSettings(),
        "tmdb": TmdbSettings(),
        "prices": PriceSettings(),
        "trial": TrialSettings(),
    }
    return EnhancerSettings(core=core, **{**usual, **blocks})
