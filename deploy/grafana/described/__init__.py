"""Grafana's dashboards, described: what is shown, of which query, in which unit. ``write.py`` makes the JSON of it that Grafana reads."""

from described.asr import ASR
from described.costs import COSTS
from described.language import LANGUAGE
from described.overview import OVERVIEW
from described.pipeline import PIPELINE
from described.reliability import RELIABILITY

BOARDS = (OVERVIEW, PIPELINE, ASR, LANGUAGE, COSTS, RELIABILITY)

__all__ = ["BOARDS"]
