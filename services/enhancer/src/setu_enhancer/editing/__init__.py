"""Post-editing: names by rule → windows of lines → a provider → what it replies → guards → the score gate → repairs, or the draft.

    editor = Editor(providers, prompts=read_prompts(), instruments=Instruments(breaches, score, better), memory=…, settings=…, price=…)
    edits = await editor.edit(lines, selected, pair, glossary, context, characters_per_s=20.0)

However models behave, and whether anybody answers at all: one ``Edited`` for each line, in the order of the lines.
"""

from setu_enhancer.editing.editor import Editor
from setu_enhancer.editing.gate import Instruments
from setu_enhancer.editing.outcomes import Edited, Edits
from setu_enhancer.editing.ruling import RULES
from setu_enhancer.editing.sharing import Priced
from setu_enhancer.editing.text import Progress

__all__ = ["RULES", "Edited", "Editor", "Edits", "Instruments", "Priced", "Progress"]
