"""Which series and episode a title names, and when two titles are of one work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setu_common.contracts import Context
from setu_optimizer.domain.knowledge.scopes import Scope, alike, scope, scopes_of, taught, work_of
from setu_optimizer.domain.knowledge.titles import Titled, key_of, parsed, same_work

NAMES = (
    "Mirzapur",
    "The Family Man",
    "मिर्ज़ापुर",
    "पाताल लोक",
    "Sacred Games",
    "La Casa de Papel",
    "24",
    "Kota Factory",
    "進撃の巨人",
)
FORMS = (
    "{name} S{season:02}E{episode:02}",
    "{name} s{season}e{episode}",
    "{name}.S{season:02}.E{episode:02}.1080p.WEB.mkv",
    "{name} {season}x{episode:02}",
    "{name}_{season}x{episode:02}_final",
    "{name} - season {season} ep. {episode}",
    "{name}, Season {season}, Episode {episode} – The Return",
    "{name} S{season} E{episode}",
    "{name} सीज़न {season} एपिसोड {episode}",
    "{name} सीजन {season} एपिसोड {episode}",
    "{name} saison {season} épisode {episode}",
    "{name}: Temporada {season} Capítulo {episode}",
    "{name} Staffel {season} Folge {episode}",
    "{name} 第{season}季 第{episode}集",
    "S{season:02}E{episode:02} - {name}",
    "Season {season} Episode {episode}: {name}",
)
DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")


@pytest.mark.parametrize("form", FORMS)
@given(name=st.sampled_from(NAMES), season=st.integers(1, 40), episode=st.integers(1, 99))
def test_every_form_of_an_episode_tells_its_series_season_and_number(form, name, season, episode):
    title = form.format(name=name, season=season, episode=episode)
    found = parsed(title)
    assert (found.season, found.episode) == (season, episode)
    assert key_of(found.name) == key_of(name)


@given(season=st.integers(1, 40), episode=st.integers(1, 99))
def test_digits_of_another_script_count_the_same(season, episode):
    title = f"मिर्ज़ापुर सीज़न {season} एपिसोड {episode}".translate(DIGITS)
    assert parsed(title) == Titled("मिर्ज़ापुर", season, episode)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Mirzapur एपिसोड 2", Titled("Mirzapur", None, 2)),
        ("Mirzapur ep 7", Titled("Mirzapur", None, 7)),
        ("Lost E02", Titled("Lost", None, 2)),
        ("The Family Man S2", Titled("The Family Man", 2, None)),
        ("Mirzapur (2018) S01E02", Titled("Mirzapur", 1, 2)),
        ("Attack on Titan 第3話", Titled("Attack on Titan", None, 3)),
    ],
)
def test_one_number_is_told_alone(title, expected):
    assert parsed(title) == expected


@pytest.mark.parametrize(
    "film", ["Dhoom 2", "Apollo 13", "Ocean's 11", "Wall-E 2", "1920x1080", "Se7en", "Series 7", "Don (2006)", "", "E.T."]
)
def test_numbers_of_films_are_no_episodes(film):
    assert not parsed(film).is_episode
    assert key_of(parsed(film).name) == key_of(film)


@given(st.text(max_size=200))
def test_whatever_stands_in_a_title_it_is_read_and_reading_it_again_changes_nothing(title):
    found = parsed(title)
    key = key_of(found.name)
    assert key == key_of(found.name.upper()) or not found.name.isascii()
    assert same_work(key, key) == bool(key)
    scopes_of(Context(title=title, series=title, director=title[:100], genre=title[:100]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mirzapur", "मिर्ज़ापुर"),
        ("Mirzapur", "MIRZAPOOR"),
        ("Mirzapur", "Mirzaput"),
        ("Mirzapur", "Mirzapur (2018)"),
        ("The Family Man", "Family Man"),
        ("Sacred Games", "sacred-games"),
        ("Amélie", "Amelie"),
        ("पाताल लोक", "Paatal Lok"),
    ],
)
def test_spellings_of_one_work_are_one(one, other):
    assert same_work(key_of(one), key_of(other))
    assert same_work(key_of(other), key_of(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dhoom 2", "Dhoom 3"),
        ("Dhoom", "Dhoom 2"),
        ("Don (1978)", "Don (2006)"),
        ("Kal", "Kaal"),
        ("Mirzapur", "Mirzapur Diaries"),
        ("Lost", "Last"),
        ("進撃の巨人", "進撃"),
        ("", ""),
    ],
)
def test_works_that_only_look_alike_are_two(one, other):
    assert not same_work(key_of(one), key_of(other))


def test_a_context_belongs_to_its_series_film_directors_and_genres_in_this_order():
    context = Context(
        title="The Raid", series="Mirzapur Season 2", director="Karan Anshuman, Gurmmeet Singh", genre="Crime / Drama"
    )
    found = scopes_of(context)
    assert [(each.level, each.name) for each in found] == [
        ("series", "Mirzapur"),
        ("title", "The Raid"),
        ("director", "Karan Anshuman"),
        ("director", "Gurmmeet Singh"),
        ("genre", "Crime"),
        ("genre", "Drama"),
    ]
    assert work_of(found) == f"series:{key_of('Mirzapur')}"
    assert [each.level for each in taught(found, "name")] == ["series"]
    assert [each.level for each in taught(found, "edit")] == ["series"]
    assert [each.level for each in taught(found, "term")] == ["series", "director", "director", "genre", "genre"]


def test_a_title_names_a_series_where_the_context_does_not():
    (found,) = scopes_of(Context(title="Mirzapur S01E02"))
    assert (found.level, found.name) == ("series", "Mirzapur")
    assert scopes_of(Context(title="…", series="?!", genre=" , ")) == ()
    assert taught(scopes_of(Context(genre="drama")), "name") == ()
    assert work_of(scopes_of(Context(genre="drama"))) == ""


def test_genres_have_to_be_called_the_same_and_levels_are_not_mixed():
    def of(level, name) -> Scope:
        found = scope(level, name)
        assert found is not None
        return found

    assert alike(of("genre", "Documentary"), of("genre", "documentary"))
    assert not alike(of("genre", "Documentary"), of("genre", "Documentaries"))
    assert alike(of("series", "Documentary"), of("series", "Documentari"))
    assert not alike(of("series", "Mirzapur"), of("title", "Mirzapur"))
