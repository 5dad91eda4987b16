"""Which part of a file is asked for."""

import pytest

from mvidarr_api_gateway.ranges import Span, Unsatisfiable, span_of

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-499", Span(0, 500)),
        ("bytes=500-", Span(500, 1000)),
        ("bytes=0-", Span(0, 1000)),
        ("bytes=-1", Span(999, 1000)),
        ("bytes=-500", Span(500, 1000)),
        ("bytes=-5000", Span(0, 1000)),
        ("bytes=999-999", Span(999, 1000)),
        ("bytes=990-5000", Span(990, 1000)),
        ("bytes=0-99999999999999999999", Span(0, 1000)),
        ("BYTES = 1-2", Span(1, 3)),
        (" bytes= 1-2 ", Span(1, 3)),
    ],
)
def test_one_part_is_given(header: str, span: Span) -> None:
    assert span_of(header, SIZE) == span


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=--1",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=1-2,4-5",
        "bytes=1-2,",
        "bytes=1.5-2",
        "bytes=+1-2",
        "bytes=0x10-",
        "bytes=\u0661-\u0662",
        "bytes=1 - 2",
        "items=0-5",
        "0-5",
        "bytes=0-0-0",
        "bytes=" + "9" * 500 + "-",
        "bytes=\n0-1",
    ],
)
def test_garbage_and_several_parts_give_the_whole(header: str | None) -> None:
    expected = Span(0, 2) if header == "bytes=\n0-1" else None
    assert span_of(header, SIZE) == expected


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=5000-"])
def test_what_is_beyond_the_end_cannot_be_given(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        span_of(header, SIZE)


def test_an_empty_file_has_no_parts() -> None:
    assert span_of(None, 0) is None
    for header in ("bytes=0-", "bytes=0-0", "bytes=-5"):
        with pytest.raises(Unsatisfiable):
            span_of(header, 0)
