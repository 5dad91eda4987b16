"""Sheets of small frames: for scrubbing, with an index for browsers, and one to see it all."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

TILE_WIDTH, TILES, TILE_SECONDS = 320, 10, 10
"""Jellyfin's own figures: it takes sheets over only when they are as it would make them."""

TILE_QUALITY = 90
CONTACT_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was written."""

    path: str
    role: str
    width: int
    height: int


class Sheets:
    """Fills sheets of ten by ten small frames, and writes each when it is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tiles: list[Image.Image] = []
        self._written: list[Picture] = []
        self._shapes: list[tuple[int, int, int]] = []

    def add(self, image: Image.Image) -> None:
        """The next frame, in order of time."""
        height = max(2, round(image.height * TILE_WIDTH / image.width / 2) * 2)
        self._tiles.append(image.resize((TILE_WIDTH, height), Image.Resampling.BILINEAR))
        self._shapes.append((len(self._written), len(self._tiles) - 1, height))
        if len(self._tiles) == TILES * TILES:
            self._write()

    def finish(self) -> list[Picture]:
        """All sheets; the last one may be partly empty."""
        if self._tiles:
            self._write()
        return self._written

    def index(self) -> Picture:
        """A WebVTT file that says which tile of which sheet stands for which seconds."""
        cues = []
        for number, (sheet, tile, height) in enumerate(self._shapes):
            start = number * TILE_SECONDS
            left, top = tile % TILES * TILE_WIDTH, tile // TILES * height
            box = f"{left},{top},{TILE_WIDTH},{height}"
            cues.append(
                f"{_clock(start)} --> {_clock(start + TILE_SECONDS)}\n"
                f"tiles-{sheet}.jpg#xywh={box}\n"
            )
        path = self._folder / "sprite.vtt"
        path.write_text("WEBVTT\n\n" + "\n".join(cues))
        return Picture(str(path), "sprite", 0, 0)

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


def contact_sheet(images: list[Image.Image], folder: Path) -> Picture:
    """All of a film at one look: its frames in rows of four."""
    width = TILE_WIDTH
    height = max(2, round(images[0].height * width / images[0].width))
    rows = -(-len(images) // CONTACT_COLUMNS)
    sheet = Image.new("RGB", (width * CONTACT_COLUMNS, height * rows))
    for number, image in enumerate(images):
        place = (number % CONTACT_COLUMNS * width, number // CONTACT_COLUMNS * height)
        sheet.paste(image.resize((width, height), Image.Resampling.BILINEAR), place)
    path = folder / "contact.jpg"
    sheet.save(path, quality=TILE_QUALITY)
    return Picture(str(path), "contact", sheet.width, sheet.height)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"
