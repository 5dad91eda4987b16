"""Finds yt-dlp's extractor for an address without asking all of its 1800 in turn.

Nearly all of them take only addresses that hold a certain text, most often their site's name. Where
that is not in the address they are not asked; the others are, in yt-dlp's own order. To ask them
all takes as long as a small download, and makes a forked child copy most of what it got.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import chain
from typing import Any

code, patterns = import_module("re._constants"), import_module("re._parser")
"""Python's own reading of patterns, which it has no public name for."""

Texts = frozenset[str]
"""In lower case; an address must hold one of them."""

_ANY: Texts = frozenset({""})
_ASKING_ITS_PATTERN = frozenset({"_match_valid_url", "super"})
"""Names in the code of an extractor that takes nothing beyond its pattern."""

_REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT)
_LONGEST = 16
"""Characters of a text that are looked for."""


class Finder:
    """Knows what each extractor needs. To learn it takes some tenths of a second, once for all
    forked children."""

    def __init__(self, extractors: Mapping[str, Any]) -> None:
        self._extractors = tuple(extractors.items())
        self._places: dict[str, list[int]] = {}
        for place, extractor in enumerate(extractors.values()):
            for text in _needed_by(extractor):
                self._places.setdefault(text[:_LONGEST], []).append(place)

    def find(self, url: str) -> str | None:
        """The key of the first extractor that takes this address."""
        found = [self._places[text] for text in _texts_in(url.lower()) if text in self._places]
        for place in sorted(set(chain.from_iterable(found))):
            key, extractor = self._extractors[place]
            if extractor.suitable(url):
                return key
        return None


def _texts_in(url: str) -> Iterator[str]:
    for start in range(len(url)):
        for end in range(start, min(start + _LONGEST, len(url)) + 1):
            yield url[start:end]


def _needed_by(extractor: Any) -> Texts:
    """Nothing in particular by one that does not compare the address with its pattern."""
    given = extractor._VALID_URL
    if given is None or _ASKING_ITS_PATTERN.isdisjoint(extractor.suitable.__code__.co_names):
        return _ANY
    all_given = (given,) if isinstance(given, str) else given or ()
    return frozenset[str]().union(*(needed(pattern) for pattern in all_given))


def needed(pattern: str) -> Texts:
    """Texts of which there is one in all that the pattern matches."""
    return _best(patterns.parse(pattern))


def _best(parsed: Iterable[tuple[Any, Any]]) -> Texts:
    return max(_parts(parsed), key=lambda texts: min(map(len, texts)), default=_ANY)


def _parts(parsed: Iterable[tuple[Any, Any]]) -> Iterator[Texts]:
    """What is needed by every part that must be there."""
    run = ""
    for what, given in parsed:
        if what is code.LITERAL:
            run += chr(given).lower()
            continue
        yield from _run(run)
        run = ""
        if what is code.SUBPATTERN or (what in _REPEATS and given[0] > 0):
            yield from _parts(given[-1])
        elif what is code.BRANCH:
            yield frozenset[str]().union(*map(_best, given[-1]))
    yield from _run(run)


def _run(run: str) -> Iterator[Texts]:
    if run:
        yield frozenset({run})
