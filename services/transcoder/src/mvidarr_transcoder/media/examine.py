"""Decoding every frame of a file, to know whether it is whole. Measures; `verdict` judges.

PyAV and not `ffmpeg -xerror -f null`: as fast, and it tells where a file breaks, how far each
stream reaches, and what is missing. FFmpeg ends with 0 for a WebM that was cut off.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Stream

from mvidarr_common import forked
from mvidarr_common.messages.media import MediaFacts

from .digest import BesideDigest
from .facts import facts_of, is_cover
from .opening import open_media
from .outline import Outline, outline
from .taking import Decoding, Reading, StreamSpan, Take

_TELL_EVERY = 0.2


@dataclass(slots=True)
class Examination:
    """What was measured. `facts` is None when the file could not be opened at all; `broken_at` is
    where decoding met damage, in seconds, and `broken` what the decoder said of it; `last` tells
    that nothing came after the damage."""

    outline: Outline
    facts: MediaFacts | None = None
    spans: list[StreamSpan] = field(default_factory=list)
    broken: str | None = None
    broken_at: float = 0.0
    last: bool = False
    sha256: str = ""


def examine(path: str, threads: int = 0, quick: bool = False) -> Examination:
    """Decode all of it, or, when it has to be quick, only read every packet; ends early at damage.
    Tells ("verify", seconds, of how many) and
    ("hash", bytes, of how many)."""
    found = Examination(outline(Path(path)))
    if found.outline.size == 0 or found.outline.cut:
        return found
    digest = BesideDigest(path)
    try:
        _decode_file(path, threads, found, quick)
        if found.broken is None:
            found.sha256 = digest.result(
                lambda done: forked.tell(("hash", done, found.outline.size))
            )
    finally:
        digest.close()
    return found


def _decode_file(path: str, threads: int, found: Examination, quick: bool) -> None:
    try:
        with open_media(path) as container:
            found.facts = facts_of(container, Path(path))
        if (damaged := _damage(found)) is not None:
            found.broken = f"the container is broken at byte {damaged}"
            found.broken_at = damaged / found.outline.size * (found.facts.duration or 0.0)
            return
        with open_media(path) as container:  # again: measuring has decoded the first frame
            _decode(container, found, _taker(container, threads, quick))
    except av.FFmpegError as error:
        found.broken = found.broken or _said(error)
    except IndexError:  # PyAV on packets of a stream that the header does not know
        found.broken = "a stream turns up in the middle"


def _damage(found: Examination) -> int | None:
    """The first byte that makes no sense. A program stream has its head at the start."""
    headless = found.facts and found.facts.container == "mpeg" and found.outline.promised is None
    return 0 if headless and found.outline.damaged is None else found.outline.damaged


def _taker(container: InputContainer, threads: int, quick: bool) -> Take:
    films = _films(container)
    if quick:
        return Reading(films)
    return Decoding(films, threads)


def _decode(container: InputContainer, found: Examination, taker: Take) -> None:
    found.spans = list(taker.spans.values())
    if not found.spans:
        return  # no film: PyAV takes no stream at all for all of them
    told = 0.0
    packets = container.demux([container.streams[index] for index in taker.spans])
    for packet in packets:
        if packet.pts is not None:
            found.broken_at = max(0.0, float(packet.pts * packet.time_base))
        if damage := taker.take(packet):
            found.broken = damage
            found.last = not any(later.size for later in packets)
            return
        if (now := time.monotonic()) - told > _TELL_EVERY:
            told = now
            forked.tell(("verify", found.broken_at, found.facts and found.facts.duration))


def _films(container: InputContainer) -> list[Stream]:
    """What is seen and heard; covers, subtitles and data cannot make a film unplayable."""
    return [s for s in container.streams if s.type in ("video", "audio") and not is_cover(s)]


def _said(error: av.FFmpegError) -> str:
    return str(error.strerror or error)
