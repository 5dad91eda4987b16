"""Which parts of a file are asked for."""

import pytest

from mvidarr_api_gateway.ranges import MOST, Span, Unsatisfiable, spans_of

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
        ("bytes=\n0-1", Span(0, 2)),
    ],
)
def test_one_part_is_given(header: str, span: Span) -> None:
    assert spans_of(header, SIZE) == (span,)


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-9,500-509", (Span(0, 10), Span(500, 510))),
        ("bytes=500-509, 0-9", (Span(500, 510), Span(0, 10))),
        ("bytes=0-0,-1", (Span(0, 1), Span(999, 1000))),
        ("bytes=0-9,2000-2009", (Span(0, 10),)),
        ("bytes=0-9,-0", (Span(0, 10),)),
        ("bytes=0-9,5-19", (Span(0, 20),)),
        ("bytes=0-9,10-19", (Span(0, 20),)),
        ("bytes=0-9,0-9,0-9", (Span(0, 10),)),
        ("bytes=0-9,100-109", (Span(0, 110),)),
        ("bytes=900-909,0-9,5-20", (Span(0, 21), Span(900, 910))),
        ("bytes=0-,5-9,-1", (Span(0, 1000),)),
    ],
)
def test_several_parts_are_given_apart_unless_they_overlap_or_nearly_touch(
    header: str, spans: tuple[Span, ...]
) -> None:
    assert spans_of(header, SIZE) == spans


def test_so_many_parts_are_given_and_no_more() -> None:
    asked = [f"{200 * n}-{200 * n}" for n in range(MOST + 1)]
    assert len(spans_of("bytes=" + ",".join(asked[:-1]), 10_000)) == MOST
    assert spans_of("bytes=" + ",".join(asked), 10_000) == ()


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
        "bytes=1-2,",
        "bytes=1-2,5-2",
        "bytes=1-2,x",
        "bytes=1.5-2",
        "bytes=+1-2",
        "bytes=0x10-",
        "bytes=\u0661-\u0662",
        "bytes=1 - 2",
        "items=0-5",
        "0-5",
        "bytes=0-0-0",
        "bytes=" + "9" * 500 + "-",
    ],
)
def test_garbage_gives_the_whole(header: str | None) -> None:
    assert spans_of(header, SIZE) == ()


@pytest.mark.parametrize(
    "header",
    ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=5000-", "bytes=1000-,2000-2001,-0"],
)
def test_what_is_beyond_the_end_cannot_be_given(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        spans_of(header, SIZE)


def test_an_empty_file_has_no_parts() -> None:
    assert spans_of(None, 0) == ()
    for header in ("bytes=0-", "bytes=0-0", "bytes=-5"):
        with pytest.raises(Unsatisfiable):
            spans_of(header, 0)
