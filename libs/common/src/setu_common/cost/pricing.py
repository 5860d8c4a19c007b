"""What a usage costs. What has no price is *unpriced*, and never costs 0.

Prices are looked for in this order: those of the settings; our own hardware; our own table, prices.toml; genai-prices. The first that
knows the model is asked, and no other.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import version
from importlib.resources import files
from typing import Final, Self

import structlog
from pydantic import ConfigDict, Field, TypeAdapter

from setu_common.cost.settings import OWN, PriceSettings, Rates
from setu_common.cost.usage import Usage

log = structlog.get_logger()

_MTOK: Final = Decimal(1_000_000)
_MINUTE_S: Final = Decimal(60)
_HOUR_S: Final = Decimal(3600)


@dataclass(frozen=True)
class Price:
    """What a usage costs.

    Args:
        usd: US dollars, unrounded; None: unpriced.
        source: whose price that is, and of when; or why there is none.
    """

    usd: Decimal | None
    source: str


class _Entry(Rates):
    """A row of the table."""

    model_config = ConfigDict(populate_by_name=True)

    provider: str
    model: str
    since: date = Field(alias="from")
    source: str


@dataclass(frozen=True)
class Table:
    """Our own table of prices.

    Args:
        version: the day that it was last changed.
        entries: by provider and model, the newest first.
    """

    version: str
    entries: Mapping[tuple[str, str], tuple[_Entry, ...]]

    @classmethod
    def read(cls) -> Self:
        """Read prices.toml."""
        document = tomllib.loads(files("setu_common.cost").joinpath("prices.toml").read_text("utf-8"))
        entries: dict[tuple[str, str], list[_Entry]] = {}
        for entry in TypeAdapter(list[_Entry]).validate_python(document["price"]):
            entries.setdefault((entry.provider, entry.model), []).append(entry)
        newest_first = {key: tuple(sorted(rows, key=lambda row: row.since, reverse=True)) for key, rows in entries.items()}
        return cls(document["version"], newest_first)

    def at(self, provider: str, model: str, day: date) -> _Entry | None:
        """What held for a model on a day."""
        return next((entry for entry in self.entries.get((provider, model), ()) if entry.since <= day), None)


class Prices:
    """Looks prices up.

    Args:
        settings: prices of our own hardware, and those that stand above all others.
        table: our own; read from prices.toml where it is not given.
    """

    def __init__(self, settings: PriceSettings, table: Table | None = None) -> None:
        self._settings = settings
        self._table = table or Table.read()

    def price(self, provider: str, model: str, usage: Usage, at: datetime) -> Price:
        """What a usage costs.

        Args:
            provider: as genai-prices names it, or ``own``.
            model: as the provider names it.
            usage: what was used.
            at: when; aware.
        """
        if not usage:
            return Price(Decimal(0), "nothing used")
        if override := self._settings.overrides.get(f"{provider}/{model}"):
            return self._by_rates(override, usage, "settings")
        if provider == OWN:
            return Price(self._own_usd(usage), "own hardware")
        if entry := self._table.at(provider, model, at.date()):
            return self._by_rates(entry, usage, f"prices.toml {self._table.version}: {entry.source}")
        return _published(provider, model, usage, at)

    def _by_rates(self, rates: Rates, usage: Usage, source: str) -> Price:
        usd = _by_rates(rates, usage)
        return Price(usd, source) if usd is not None else Price(None, f"unpriced: {source} has no price for all that was used")

    def _own_usd(self, usage: Usage) -> Decimal:
        """Whatever runs there, what is paid for is time."""
        cpu, gpu = self._settings.cpu_usd_per_hour, self._settings.gpu_usd_per_hour
        return (_exact(usage.cpu_s) * cpu + _exact(usage.gpu_s) * gpu) / _HOUR_S


def _by_rates(rates: Rates, usage: Usage) -> Decimal | None:
    """The sum over the classes that were used; None if one of them has no price."""
    audio_second = rates.audio_minute / _MINUTE_S if rates.audio_minute is not None else None
    read, write = rates.cache_read_mtok, rates.cache_write_mtok
    of_tokens = (
        (usage.input_tokens, rates.input_mtok),
        (usage.cache_read_tokens, rates.input_mtok if read is None else read),
        (usage.cache_write_tokens, rates.input_mtok if write is None else write),
        (usage.cache_write_1h_tokens, rates.cache_write_1h_mtok),
        (usage.input_audio_tokens, rates.input_audio_mtok),
        (usage.output_tokens, rates.output_mtok),
    )
    of_time = ((usage.audio_s, audio_second), (usage.cpu_s, None), (usage.gpu_s, None))
    total = Decimal(0)
    for amount, rate, unit in (*((n, rate, _MTOK) for n, rate in of_tokens), *((s, rate, Decimal(1)) for s, rate in of_time)):
        if not amount:
            continue
        if rate is None:
            return None
        total += _exact(amount) * rate / unit
    return total


def _published(provider: str, model: str, usage: Usage, at: datetime) -> Price:
    """By genai-prices, which counts all classes of input together and prices the special ones apart."""
    # Here, for its data take a second to load, and most processes never ask for such a price.
    import genai_prices  # noqa: PLC0415

    asked = genai_prices.Usage(
        input_tokens=usage.input_tokens
        + usage.cache_read_tokens
        + usage.cache_write_tokens
        + usage.cache_write_1h_tokens
        + usage.input_audio_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens + usage.cache_write_1h_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        input_audio_tokens=usage.input_audio_tokens,
        output_tokens=usage.output_tokens,
        audio_seconds=_exact(usage.audio_s),
        input_audio_seconds=_exact(usage.audio_s),
    )
    try:
        found = genai_prices.calc_price(asked, model, provider_id=provider, genai_request_timestamp=at)
    except LookupError:
        return Price(None, f"unpriced: nobody knows the model {model!r} of {provider!r}")
    except ValueError as error:
        log.warning("price.refused", provider=provider, model=model, reason=str(error))
        return Price(None, "unpriced: genai-prices refuses the usage")
    rates = found.model_price
    tokens_in = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens + usage.cache_write_1h_tokens
    lacking = (
        (tokens_in and rates.input_mtok is None)
        or (usage.input_audio_tokens and rates.input_mtok is None)
        or (usage.output_tokens and rates.output_mtok is None)
        or (usage.audio_s and "audio_hours" not in vars(rates))
        or usage.cpu_s
        or usage.gpu_s
    )
    if lacking:
        return Price(None, "unpriced: genai-prices has no price for all that was used")
    return Price(found.total_price, f"genai-prices {version('genai-prices')}")


def _exact(amount: float) -> Decimal:
    """As it is written, and not as binary fractions have it."""
    return Decimal(repr(amount))
