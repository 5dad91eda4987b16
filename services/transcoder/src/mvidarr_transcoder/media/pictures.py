"""Pictures of a film: a good frame for the poster, and sheets of small ones for scrubbing.

One walk through the film gives both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.video.stream import VideoStream
from PIL import Image

from mvidarr_common import forked

from .facts import is_cover
from .opening import open_media
from .posters import Candidates, posters
from .reel import Reel
from .sheets import TILE_SECONDS, Picture, Sheets, contact_sheet

_SAMPLES = 16
_MOST_SECONDS = 24 * 3600
"""Headers lie; no sheet has tiles for more than a day."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted beside the three posters and the sheets of tiles."""

    candidates: int = 1
    sizes: tuple[int, ...] = ()
    formats: tuple[str, ...] = ("jpeg",)
    contact_sheet: bool = False
    webvtt: bool = False


def take_pictures(
    source: str,
    folder: str,
    duration: float,
    wish: Wish = Wish(),  # frozen
) -> list[Picture]:
    """Write all pictures into the folder. Raises av.FFmpegError for an unreadable film, and
    LookupError for one without a frame."""
    best, sheets, seen = Candidates(wish.candidates), Sheets(Path(folder)), []
    samples, tiles = set(_samples(duration)), set(_tile_times(duration))
    for at, image in _frames(source, samples, tiles):
        forked.tell(at)
        if at in tiles:
            sheets.add(image)
        if at in samples and wish.contact_sheet:
            seen.append(image.copy())
        best.consider(at, image)
    if not best.images():
        raise LookupError("no frame could be decoded")
    made = [*posters(best.images(), Path(folder), wish.formats, wish.sizes), *sheets.finish()]
    made += [contact_sheet(seen, Path(folder))] if seen else []
    return made + ([sheets.index()] if wish.webvtt else [])


def _tile_times(duration: float) -> list[float]:
    return [float(at) for at in range(0, _whole(duration), TILE_SECONDS)]


def _whole(duration: float) -> int:
    return max(1, int(min(duration, _MOST_SECONDS)))


def _samples(duration: float) -> list[float]:
    return [round(duration * (n + 0.5) / _SAMPLES, 3) for n in range(_SAMPLES)]


def _frames(
    source: str, samples: set[float], tiles: set[float]
) -> Iterator[tuple[float, Image.Image]]:
    """The frame that is seen at the time of each tile, and one about that of each sample, upright
    and with square pixels. Beyond the last frame, whatever the header says, there is none."""
    with open_media(source) as container:
        film = next(stream for stream in container.streams.video if not is_cover(stream))
        reel = Reel(container, film)
        for at in sorted(samples | tiles):
            frame = reel.frame_at(at) if at in tiles else reel.frame_about(at)
            if frame is not None:
                yield at, _upright(frame, film)
            if reel.over:
                return


def _upright(frame: av.VideoFrame, film: VideoStream) -> Image.Image:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's stubs
    shape = film.sample_aspect_ratio
    if shape and shape != 1:
        image = image.resize((max(2, round(image.width * shape)), image.height))
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    return image
