"""What the optimizer learns from: error rates and times of every candidate, measured on recordings whose words are known."""

from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).parent / "measured.csv"
"""What was measured: a row for each recording and candidate."""
