"""What a channel shows is a function of its films, its name and the clock."""

from itertools import islice, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mvidarr_api_gateway.programme import BREATH, DAY, Film, between, of_day, on_air

MONDAY = 20_000 * DAY
FILMS = [Film(f"v{n}", 60.0 + n) for n in range(30)]
films = st.lists(
    st.builds(Film, st.uuids().map(str), st.floats(600, 30_000), st.floats(0, MONDAY + DAY)),
    max_size=8,
    unique_by=lambda film: film.id,
)
moments = st.floats(MONDAY, MONDAY + DAY - 1)


@settings(max_examples=60, deadline=None)
@given(films, moments, st.sampled_from(["name", None]))
def test_a_day_is_full_and_everybody_sees_the_same(
    films: list[Film], moment: float, seed: str | None
) -> None:
    day = list(of_day(films, seed, MONDAY // DAY))
    for one, other in pairwise(day):
        assert one.start < one.end == other.start or other.start == other.film.since
    for slot in day:
        assert slot.film.since <= slot.start
        whole = slot.start + slot.film.seconds + BREATH
        assert slot.end == min(whole, MONDAY + DAY)
    shown = on_air(list(reversed(films)) if seed else films, seed, moment)
    assert shown == next((slot for slot in day if slot.start <= moment < slot.end), None)
    there = min((film.since for film in films), default=MONDAY + DAY)
    assert (shown is None) is (moment < there)


@settings(max_examples=60, deadline=None)
@given(films, moments, st.sampled_from(["name", None]))
def test_a_film_that_comes_changes_nothing_of_what_was_on_before(
    films: list[Film], moment: float, seed: str | None
) -> None:
    before = list(between(films, seed, MONDAY, moment))
    new = Film("new", 1000.0, moment)
    assert list(between([*films, new], seed, MONDAY, moment)) == before


def test_every_film_is_shown_once_in_a_round_and_each_round_is_another() -> None:
    day = list(islice(of_day(FILMS, "name", 20_000), 60))
    rounds = [[slot.film.id for slot in day[n : n + 30]] for n in (0, 30)]
    assert sorted(rounds[0]) == sorted(rounds[1]) == sorted(film.id for film in FILMS)
    assert rounds[0] != rounds[1]
    for other in (of_day(FILMS, "other", 20_000), of_day(FILMS, "name", 20_001)):
        assert [slot.film.id for slot in islice(other, 30)] != rounds[0]


def test_without_a_shuffle_films_are_shown_in_their_order_each_day_from_another_one_on() -> None:
    ids, firsts = [film.id for film in FILMS], set()
    for day in range(20_000, 20_010):
        shown = [slot.film.id for slot in islice(of_day(FILMS, None, day), 60)]
        first = ids.index(shown[0])
        assert shown == (ids[first:] + ids[:first]) * 2
        firsts.add(first)
    assert len(firsts) > 3


def test_a_film_that_turns_out_to_be_shorter_is_so_from_then_on() -> None:
    before = list(between(FILMS, "name", MONDAY, MONDAY + DAY))
    slot = before[40]
    for seconds in (0.0, 5.0):
        cut = Film(slot.film.id, slot.film.seconds, cut=(slot.start, seconds))
        films = [cut if film.id == cut.id else film for film in FILMS]
        after = list(between(films, "name", MONDAY, MONDAY + DAY))
        assert [(s.film.id, s.start, s.end) for s in after[:40]] == [
            (s.film.id, s.start, s.end) for s in before[:40]
        ]
        if seconds:
            assert (after[40].film, after[40].end) == (cut, slot.start + seconds + BREATH)
        else:
            assert after[40].film == before[41].film
            assert cut not in [s.film for s in after[40:]]


def test_where_nothing_can_be_shown_nothing_is_on() -> None:
    assert on_air([], "name", MONDAY) is None
    broken = [Film("v", 60.0, cut=(0.0, 0.0)), Film("w", 60.0, cut=(0.0, 0.0))]
    assert on_air(broken, "name", MONDAY + 5) is None
    assert on_air(broken, None, MONDAY + 5) is None
