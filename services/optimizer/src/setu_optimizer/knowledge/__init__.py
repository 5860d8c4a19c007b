"""A memory across episodes: names, terms and edits of series, films, directors and genres."""

from setu_optimizer.knowledge.curating import Curation
from setu_optimizer.knowledge.memory import Knowledge

__all__ = ["Curation", "Knowledge"]
