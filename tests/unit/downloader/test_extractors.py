"""The extractor for an address is found without asking all of them, and is the one that asking them
all in turn would find."""

from collections.abc import Iterator
from typing import Any

import pytest
from yt_dlp import YoutubeDL

from mvidarr_downloader.extractors import Finder, needed

EVERY = 40
"""Of the extractors this one is tried with its own examples; all of them take half a minute."""


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"https?://(?:www\.)?Film\.example/(?P<id>\d+)", {"film.example/"}),
        (r"https?://(?:one|other)\.example/", {".example/"}),
        (r"https?://(?:one-song|longest-other)\.net/", {"one-song", "longest-other"}),
        (r"(?:https?://film\.example/)?(?P<id>[0-9]+)", {""}),
        (r"(?x)https?:// (?:m\.)? film\.example / # a comment", {"film.example/"}),
        (r"(?:film:){2}", {"film:"}),
        (r"a|", {"a", ""}),
    ],
)
def test_a_pattern_tells_what_must_be_in_an_address(pattern: str, texts: set[str]) -> None:
    assert needed(pattern) == texts


def examples(extractors: dict[str, Any]) -> Iterator[str]:
    yield from ("https://film.example/watch?v=1", "ytsearch3:a song", "http://127.0.0.1/a.mp4")
    for extractor in list(extractors.values())[::EVERY]:
        for known in extractor.get_testcases(include_onlymatching=True):
            yield known["url"]


def test_it_is_the_first_that_takes_the_address() -> None:
    with YoutubeDL({"quiet": True}) as ydl:
        extractors = dict(ydl._ies)
    finder = Finder(extractors)
    for url in examples(extractors):
        first = next(key for key, each in extractors.items() if each.suitable(url))
        assert finder.find(url) == first, url
