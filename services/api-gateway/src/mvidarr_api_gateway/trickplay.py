"""Small frames for scrubbing: which tile of which sheet stands for which seconds, as WebVTT.

The transcoder takes a frame every ten seconds, as media servers do. How many of what width are on
a sheet is in the name of its folder.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mvidarr_common.messages.library import Rendition

SECONDS = 10
_FIRST = re.compile(r"\.trickplay/(\d+) - (\d+)x(\d+)/0\.jpg$")


@dataclass(frozen=True, slots=True)
class Sheets:
    """How a film's small frames lie on their sheets."""

    width: int
    height: int
    columns: int
    rows: int
    duration: float


def sheets_of(rendition: Rendition) -> Sheets | None:
    """None where there are none."""
    picture, duration = rendition.facts.picture, rendition.facts.duration
    found = next(filter(None, map(_FIRST.search, rendition.sidecars)), None)
    if found is None or picture is None or not duration:
        return None
    width, columns, rows = (int(number) for number in found.groups())
    height = max(2, round(picture.height * width / picture.width / 2) * 2)
    return Sheets(width, height, columns, rows, duration)


def index(sheets: Sheets, ticket: str) -> str:
    """The addresses are below that of the file."""
    return "WEBVTT\n\n" + "\n".join(_cues(sheets, ticket))


def _cues(sheets: Sheets, ticket: str) -> Iterator[str]:
    for number in range(math.ceil(sheets.duration / SECONDS)):
        sheet, tile = divmod(number, sheets.columns * sheets.rows)
        left, top = tile % sheets.columns * sheets.width, tile // sheets.columns * sheets.height
        start, end = number * SECONDS, min((number + 1) * SECONDS, sheets.duration)
        box = f"{left},{top},{sheets.width},{sheets.height}"
        address = f"trickplay/{sheet}.jpg?ticket={ticket}#xywh={box}"
        yield f"{_clock(start)} --> {_clock(end)}\n{address}\n"


def _clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"
