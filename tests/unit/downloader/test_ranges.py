"""Byte ranges that make up one whole file have its checksum; others have none."""

from email.message import Message

import pytest

from mvidarr_downloader.ranges import Range, digest_of, range_in

FILM = "http://site/film.mp4"
SUM = "md5:" + bytes(16).hex()


def part(first: int, after: int, *, url: str = FILM, whole: int = 30) -> Range:
    return Range(url, first, after, whole, SUM)


@pytest.mark.parametrize(
    "ranges",
    [
        [part(0, 10), part(10, 20), part(20, 30)],
        [part(20, 30), part(0, 10), part(10, 20)],
        [part(0, 10), part(10, 20), part(15, 20), part(20, 30)],
        [part(20, 30)],
    ],
    ids=["in order", "as they came", "one of them continued", "the rest"],
)
def test_ranges_up_to_the_end_make_up_the_file(ranges: list[Range]) -> None:
    assert digest_of(ranges, 30) == SUM


@pytest.mark.parametrize(
    ("ranges", "size"),
    [
        ([], 30),
        ([part(0, 10), part(20, 30)], 30),
        ([part(0, 10), part(10, 20)], 30),
        ([part(0, 10), part(10, 30)], 20),
        ([part(0, 10), part(10, 30, url="http://site/other.mp4")], 30),
        ([part(0, 10), part(10, 30, whole=31)], 30),
    ],
    ids=["none", "a gap", "no end", "a film of another size", "two files", "a changed file"],
)
def test_other_ranges_make_up_no_file(ranges: list[Range], size: int) -> None:
    assert digest_of(ranges, size) is None


def test_a_partial_answer_says_what_it_is_and_what_its_file_has() -> None:
    headers = Message()
    headers["Content-Range"] = "bytes 10-19/30"
    headers["Digest"] = "MD5=AAAAAAAAAAAAAAAAAAAAAA=="
    assert range_in(FILM, 206, headers) == part(10, 20)
    assert range_in(FILM, 200, headers) is None
    headers.replace_header("Content-Range", "bytes */30")
    assert range_in(FILM, 206, headers) is None
