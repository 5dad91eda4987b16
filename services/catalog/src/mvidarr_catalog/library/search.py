"""How names are searched: by the beginnings of their words, in any order, whatever their case and
their accents. Both the names and the question are taken apart here, so that every database finds
the same; its index only compares.

A word is kept as two underscores and its letters, what is not ASCII by its code: so indexes drop
none for being short or frequent, and none takes it apart again.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from unicodedata import category, normalize

import sqlalchemy as sa

from mvidarr_catalog.brain import columns
from mvidarr_catalog.brain.dialects import dialect_of
from mvidarr_catalog.brain.filters import Field, Fields
from mvidarr_catalog.brain.reading import Read, Slice
from mvidarr_catalog.brain.rows import Row
from mvidarr_common.messages.queries import ListArtists, ListVideos

MOST_WORDS = 10
"""Words of a question that count."""

LONGEST = 80
"""Characters of a word, as it is kept, that count."""

BEHIND_ALL = "\uffff"
"""The place in a list of what has no name."""

_ACCENTS = re.compile("[\u0300-\u036f]")
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
"""Letters that people replace, although no accent makes them."""

_LONGER_THAN_ALL = 1_000_000

_WITHOUT_SPACES = 20
"""Places in a word of a script without capitals, such as Japanese, at which it can be found."""


@lru_cache(4096)
def searchable(*names: str) -> str:
    """Names as they are kept: " name / name / other spellings ". Remembered, since a row changes
    many times before its names do."""
    also = [_kept(word) for name in names for word in _other_spellings(name)]
    return f" {' / '.join([*(' '.join(words_of(name)) for name in names), ' '.join(also)])} "


def words_of(text: str) -> list[str]:
    """The words of a text, as they are kept."""
    return [_kept(word) for chunk in _plain(text).split() for word in _words(chunk)]


def sort_key(name: str) -> str:
    """The place of a name in a list: nobody looks for capitals or accents apart."""
    return _plain(name).strip()[: columns.LONGEST]


async def page_of_search(
    read: Read,
    row: type[Row],
    query: ListVideos | ListArtists,
    fields: Fields,
    *where: sa.ColumnElement[bool],
) -> Slice:
    """A page of rows; where the query searches, of those in which each of its words begins a
    word, by their "relevance" if no other order is asked for."""
    words = words_of(query.search or "")[:MOST_WORDS]
    if not words:
        return await read.page(row, query, fields, *where)
    column, dialect = read.table(row).c[row.words or ""], dialect_of(read.connection)
    await dialect.search(read.connection)
    found = dialect.has_words(column, words)
    relevance = Field("integer", lambda _: _relevance(column, " ".join(words)), always=True)
    asked = query.model_copy(update={"sort": query.sort or "-relevance"})
    return await read.page(row, asked, {**fields, "relevance": relevance}, *where, found)


def _relevance(column: sa.Column[Any], phrase: str) -> sa.ColumnElement[int]:
    """Best is a whole name, then the words in this order, then these with the last one begun;
    and of equals the shorter."""
    first = column.startswith(f" {phrase} / ", autoescape=True)
    other = column.contains(f" / {phrase} / ", autoescape=True)
    in_order = column.contains(f" {phrase} ", autoescape=True)
    begun = column.contains(f" {phrase}", autoescape=True)
    rank = sa.case((sa.or_(first, other), 3), (in_order, 2), (begun, 1), else_=0)
    return rank * _LONGER_THAN_ALL - sa.func.char_length(column)


def _plain(text: str) -> str:
    """Small letters without accents."""
    bare = _ACCENTS.sub("", normalize("NFKD", normalize("NFKD", text).casefold()))
    return normalize("NFC", bare).translate(_ALIKE)


def _words(chunk: str) -> list[str]:
    """Letters and digits that stand together; signs alone, such as "!!!", are a word as well."""
    letters = "".join(char if category(char)[0] in "LMN" else " " for char in chunk)
    return letters.split() or [chunk]


def _other_spellings(name: str) -> Iterator[str]:
    """ "acdc" for "AC/DC", and for scripts without spaces every place where a word may begin."""
    for chunk in _plain(name).split():
        words = _words(chunk)
        if len(words) > 1:
            yield "".join(words)
        for word in words:
            if category(word[0]) == "Lo":
                yield from (word[at:] for at in range(1, min(len(word), _WITHOUT_SPACES)))


def _kept(word: str) -> str:
    letters = (char if char.isascii() and char.isalnum() else f"_{ord(char):x}_" for char in word)
    return ("__" + "".join(letters))[:LONGEST]
