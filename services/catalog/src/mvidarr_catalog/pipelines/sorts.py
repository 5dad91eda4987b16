"""What passes from step to step, and what each kind of step needs and gives. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mvidarr_common.messages.work.plans import AnyStep, FingerprintStep

Sort = Literal[
    "page",
    "file",
    "library",
    "fetched",
    "film",
    "pictures",
    "extras",
    "print",
    "match",
    "score",
    "verdict",
    "checked",
    "placed",
    "whole",
    "part",
]
SENTENCES: Mapping[Sort, str] = {
    "page": "the page of a video",
    "file": "a file below import/",
    "library": "a video in the library",
    "fetched": "a file that was fetched",
    "film": "a film that was proved whole",
    "pictures": "thumbnails",
    "extras": "previews, waveforms and streams",
    "print": "a fingerprint",
    "match": "a match",
    "score": "a score",
    "verdict": "a verdict",
    "checked": "checksums",
    "placed": "new files in the library",
    "whole": "a job that is split",
    "part": "parts of a film",
}
GIVEN: frozenset[Sort] = frozenset({"page", "file", "library"})
"""What a run may begin with; a film in the library is a film."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What a kind of step needs, all of it, and what it gives."""

    needs: tuple[Sort, ...]
    gives: Sort | None = None


TRADES: Mapping[str, Trade] = {
    "download": Trade(("page",), "fetched"),
    "take": Trade(("file",), "fetched"),
    "verify": Trade(("fetched",), "film"),
    "transcode": Trade(("film",), "film"),
    "trim": Trade(("film",), "film"),
    "extract_audio": Trade(("film",), "film"),
    "thumbnails": Trade(("film",), "pictures"),
    "preview": Trade(("film",), "extras"),
    "waveform": Trade(("film",), "extras"),
    "hls": Trade(("film",), "extras"),
    "fingerprint": Trade(("film",), "print"),
    "match": Trade(("print",), "match"),
    "quality": Trade(("film",), "score"),
    "is_better": Trade(("film", "library"), "verdict"),
    "scrub": Trade(("library",), "checked"),
    "place": Trade(("film",), "placed"),
    "retire": Trade(("library", "placed")),
    "rename": Trade(("library",)),
    "sidecars": Trade(("library",)),
    "encode_part": Trade(("whole",), "part"),
    "join_parts": Trade(("whole", "part")),
}


def needs_of(step: AnyStep) -> tuple[Sort, ...]:
    """What this very step needs."""
    if isinstance(step, FingerprintStep) and step.film == "library":
        return ("library",)
    return TRADES[step.does].needs
