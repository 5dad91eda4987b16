"""Pictures of a film: a good frame for the poster, and sheets of small ones for scrubbing.

One walk through the film, from keyframe to keyframe, gives both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image, ImageFilter, ImageStat

from mvidarr_common import forked

from .facts import is_cover
from .opening import open_media

SIZES = (("poster", 600), ("thumb", 300), ("small", 150))
"""Role and bounds of the three posters; the shape of the picture is kept."""

TILE_WIDTH, TILES, TILE_SECONDS = 320, 10, 10
"""Jellyfin's own figures: it takes sheets over only when they are as it would make them."""

POSTER_QUALITY, TILE_QUALITY = 85, 90
_SAMPLES = 16
_DARK, _FLAT = 24.0, 10.0
_LAPLACE = ImageFilter.Kernel((3, 3), (-1, -1, -1, -1, 8, -1, -1, -1, -1), scale=1, offset=128)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was written."""

    path: str
    role: str
    width: int
    height: int


def take_pictures(source: str, folder: str, duration: float) -> list[Picture]:
    """Write posters and sheets into the folder. Raises av.FFmpegError for an unreadable film, and
    LookupError for one without a frame."""
    best: tuple[float, Image.Image] | None = None
    sheets = Sheets(Path(folder))
    for at, image in _frames(source, sorted({*_tile_times(duration), *_samples(duration)})):
        forked.tell(at)
        if at in _tile_times(duration):
            sheets.add(image)
        if best is None or (score := interest(image)) > best[0]:
            best = (interest(image) if best is None else score, image)
    if best is None:
        raise LookupError("no frame could be decoded")
    return [*_posters(best[1], Path(folder)), *sheets.finish()]


def interest(image: Image.Image) -> float:
    """How much there is to see: sharp edges and contrast; the black and the blank come last."""
    grey = image.convert("L")
    grey.thumbnail((320, 320))
    light = ImageStat.Stat(grey)
    edges = ImageStat.Stat(grey.filter(_LAPLACE)).stddev[0]
    score: float = edges**0.5 * light.stddev[0]
    empty = light.mean[0] < _DARK or light.mean[0] > 255 - _DARK or light.stddev[0] < _FLAT
    return score / 1000 if empty else score


class Sheets:
    """Fills sheets of ten by ten small frames, and writes each when it is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tiles: list[Image.Image] = []
        self._written: list[Picture] = []

    def add(self, image: Image.Image) -> None:
        """The next frame, in order of time."""
        height = max(2, round(image.height * TILE_WIDTH / image.width / 2) * 2)
        self._tiles.append(image.resize((TILE_WIDTH, height), Image.Resampling.BILINEAR))
        if len(self._tiles) == TILES * TILES:
            self._write()

    def finish(self) -> list[Picture]:
        """All sheets; the last one may be partly empty."""
        if self._tiles:
            self._write()
        return self._written

    def _write(self) -> None:
        height = self._tiles[0].height
        sheet = Image.new("RGB", (TILE_WIDTH * TILES, height * TILES))
        for number, tile in enumerate(self._tiles):
            sheet.paste(tile, (number % TILES * TILE_WIDTH, number // TILES * height))
        role = f"trickplay/{TILE_WIDTH} - {TILES}x{TILES}/{len(self._written)}"
        path = self._folder / f"tiles-{len(self._written)}.jpg"
        sheet.save(path, quality=TILE_QUALITY)
        self._written.append(Picture(str(path), role, sheet.width, sheet.height))
        self._tiles.clear()


def _posters(image: Image.Image, folder: Path) -> Iterator[Picture]:
    for role, bound in SIZES:
        sized = image.copy()
        sized.thumbnail((bound, bound), Image.Resampling.LANCZOS)
        path = folder / f"{role}.jpg"
        sized.save(path, quality=POSTER_QUALITY, optimize=True, progressive=True)
        yield Picture(str(path), role, sized.width, sized.height)


def _tile_times(duration: float) -> list[float]:
    return [float(at) for at in range(0, max(1, int(duration)), TILE_SECONDS)]


def _samples(duration: float) -> list[float]:
    return [round(duration * (n + 0.5) / _SAMPLES, 3) for n in range(_SAMPLES)]


def _frames(source: str, times: list[float]) -> Iterator[tuple[float, Image.Image]]:
    """The frame that is seen at each of these times, upright and with square pixels."""
    with open_media(source) as container:
        film = next(stream for stream in container.streams.video if not is_cover(stream))
        film.codec_context.thread_type = "AUTO"
        shown: Image.Image | None = None
        for at in times:
            frame = _frame_at(container, film, at)
            if frame is not None:
                shown = _upright(frame, film)
            if shown is not None:  # beyond the last frame the last one stays
                yield at, shown


def _frame_at(container: InputContainer, film: VideoStream, at: float) -> av.VideoFrame | None:
    assert film.time_base is not None
    start = film.start_time or 0
    wanted = start + int(at / film.time_base)
    container.seek(wanted, stream=film)
    last = None
    for frame in container.decode(film):
        last = frame
        if frame.pts is not None and frame.pts + (frame.duration or 0) > wanted:
            break
    return last


def _upright(frame: av.VideoFrame, film: VideoStream) -> Image.Image:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]  # PyAV's stubs
    shape = film.sample_aspect_ratio
    if shape and shape != 1:
        image = image.resize((max(2, round(image.width * shape)), image.height))
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    return image
