"""Names are taken apart the same, however they are written."""

from itertools import product

import pytest

from mvidarr_catalog.brain.dialects import DIALECTS
from mvidarr_catalog.brain.rows import indexes_of, table_of
from mvidarr_catalog.library.search import LONGEST, searchable, words_of
from mvidarr_catalog.models import whole_brain


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Björk", "BJORK"),
        ("Sigur Rós", "sigur ros"),
        ("Røyksopp", "royksopp"),
        ("Mötley Crüe", "motley  crue"),
        ("Straße", "STRASSE"),
        ("Æther", "aether"),
        ("İstanbul", "istanbul"),
        ("ﬁre", "fire"),
        ("Bjo\u0308rk", "Björk"),
        ("R.E.M.", "r e m"),
    ],
)
def test_spellings_that_people_take_for_the_same_are(one: str, other: str) -> None:
    assert words_of(one) == words_of(other)


def test_a_name_is_kept_with_what_else_people_type_for_it() -> None:
    assert searchable("AC/DC", "T.N.T.") == " __ac __dc / __t __n __t / __acdc __tnt "


def test_signs_alone_are_a_word() -> None:
    assert words_of("!!!") == ["___21__21__21_"]
    assert words_of("* + ~") == ["___2a_", "___2b_", "___7e_"]


def test_a_script_without_spaces_is_found_from_every_place() -> None:
    assert words_of("事変")[0] in searchable("東京事変").split()


def test_nothing_else_than_letters_digits_and_underscores_is_kept() -> None:
    every = "".join(map(chr, range(1, 0x3000)))
    kept = set("".join(words_of(every) + searchable(every).split()))
    assert kept <= set("abcdefghijklmnopqrstuvwxyz0123456789_/")


def test_a_long_word_is_cut() -> None:
    assert len(words_of("x" * 1000)[0]) == LONGEST


def test_what_is_searched_has_an_index_in_every_kind_of_database() -> None:
    searched = [table_of(row, 1) for row in whole_brain().rows if row.words]
    assert searched
    for table, dialect in product(searched, DIALECTS):
        names = [str(each.name) for each in indexes_of(table, dialect.name)]
        assert names.count(f"words_{table.name}") == 1
