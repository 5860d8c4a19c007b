"""A memory across episodes: names, terms and edits of series, films, directors and genres."""

from setu_common.operations import Keepsakes
from setu_optimizer.knowledge.curating import Curation
from setu_optimizer.knowledge.memory import Knowledge
from setu_optimizer.knowledge.repository import NAMED, RETIRE

KEEPSAKE = Keepsakes(retire=RETIRE, named=NAMED)
"""How the memory ages."""

__all__ = ["KEEPSAKE", "Curation", "Knowledge"]
