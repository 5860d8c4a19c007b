"""The series by which the memory across episodes is measured is what it says it is."""

from evals.context.series import corrected, drafted, read_series

from setu_common.contracts import Context
from setu_optimizer.domain.knowledge.scopes import alike, scopes_of

WANTED, EPISODES = read_series()


def test_every_entry_is_said_where_it_is_translated_and_used_somewhere():
    used = set()
    for episode in EPISODES:
        for line in episode.lines:
            for name in line.entries:
                assert WANTED[name].source[:3] in line.hi, (name, line.hi)
                assert not line.alt or "{" + name + "}" in line.alt
            used |= set(line.entries)
    assert used == set(WANTED)


def test_all_titles_are_of_one_series_whatever_they_are_called():
    scopes = [scopes_of(Context(title=episode.title)) for episode in EPISODES]
    assert all(len(each) == 1 and alike(each[0], scopes[0][0]) for each in scopes)
    assert [episode.number for episode in EPISODES] == [1, 2, 3, 4, 5, 6]


def test_the_same_chances_are_drawn_whatever_the_machine_is_told():
    first = EPISODES[0]
    alone = drafted(first, WANTED, {}, 7)
    assert alone == drafted(first, WANTED, {}, 7) != drafted(first, WANTED, {}, 8)
    told = drafted(first, WANTED, {entry.key: entry.target for entry in WANTED.values()}, 7)
    assert told.wrong(WANTED) < alone.wrong(WANTED)
    other = drafted(first, WANTED, {WANTED["asha"].key: "Hope"}, 7)
    changed = {at for at, pair in enumerate(zip(alone.texts, other.texts, strict=True)) if pair[0] != pair[1]}
    assert changed <= {at for at, line in enumerate(first.lines) if "asha" in line.entries}


def test_a_person_sets_right_most_of_what_is_wrong_and_leaves_what_is_right():
    wrong_before = wrong_after = 0
    for seed in range(20):
        for episode in EPISODES:
            draft = drafted(episode, WANTED, {}, seed)
            for line, was, left in zip(episode.lines, draft.texts, corrected(episode, WANTED, draft, seed), strict=True):
                for name in line.entries:
                    entry = WANTED[name]
                    wrong_before += entry.target not in was
                    wrong_after += entry.target not in left
                    assert entry.target in left or entry.target not in was
    assert 0.02 < wrong_after / wrong_before < 0.12
