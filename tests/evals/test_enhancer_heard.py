"""What people judged comes out of the gate as ever where it is heard while it is written, with the guards and scores that production has."""

import asyncio

import pytest
from evals.enhancer.data import edits, scenes
from evals.enhancer.staging import staged

from setu_common.contracts import Reason
from setu_enhancer.domain.guards import breaches
from setu_enhancer.domain.prompts import read_prompts
from setu_enhancer.domain.scoring import better, score
from setu_enhancer.editing import Editor, Instruments
from setu_enhancer.memory import NoMemory
from setu_enhancer.settings import EditingSettings
from testbed.editing import Writing, cents, ids_of, written
from testbed.jumping import JumpingLoop

SOME = scenes("hi-en", "dev")[::16]
ROUNDS = 3


def answers(scene, number):
    """For each line one of the edits that people judged, good or broken; another one in each round."""
    offered = {line.index: [line.references[0]] for line in scene.lines}
    for each in edits((scene,)):
        offered[each.line.index].append(each.text)
    return {index: texts[-1 - number % len(texts)] for index, texts in offered.items()}


@pytest.mark.parametrize("scene", SOME, ids=lambda scene: scene.name)
def test_what_people_judged_comes_out_the_same_where_it_is_heard_while_it_is_written(scene):
    text = staged(scene)

    def came(texts, *, streams):
        model = Writing(lambda document: written({index: texts[index] for index in ids_of(document)}), streams=streams)
        editor = Editor(
            (model,),
            prompts=read_prompts(),
            instruments=Instruments(breaches, score, better),
            memory=NoMemory(),
            settings=EditingSettings(),
            price=cents,
        )
        chosen = dict.fromkeys(range(len(text.lines)), (Reason(kind="asked"),))
        edited = editor.edit(text.lines, chosen, text.pair, text.glossary, text.context, characters_per_s=text.characters_per_s)
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            return runner.run(edited)

    for number in range(ROUNDS):
        texts = answers(scene, number)
        heard, unheard = came(texts, streams=True), came(texts, streams=False)
        assert list(heard) == list(unheard)
        assert (heard.requests, heard.notes, heard.degraded) == (unheard.requests, unheard.notes, unheard.degraded)
        assert any(each.changed for each in heard)
