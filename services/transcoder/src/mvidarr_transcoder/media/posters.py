"""Choosing the frames that show most of a film, and writing them in sizes and formats."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageFilter, ImageStat

from .sheets import Picture

SIZES = (("poster", 600), ("thumb", 300), ("small", 150))
"""Role and bounds of the three posters; the shape of the picture is kept."""

_SAVING: dict[str, dict[str, int | bool]] = {
    "jpeg": {"quality": 85, "optimize": True, "progressive": True},
    "webp": {"quality": 82, "method": 4},
    "avif": {"quality": 65, "speed": 8},
}
_SUFFIX = {"jpeg": "jpg"}
_DARK, _FLAT = 24.0, 10.0
_CARD_SHARE, _CARD_TONES = 0.6, 12
_LAPLACE = ImageFilter.Kernel((3, 3), (-1, -1, -1, -1, 8, -1, -1, -1, -1), scale=1, offset=128)


def interest(image: Image.Image) -> float:
    """How much there is to see: sharp edges and contrast; the black and the blank come last."""
    grey = image.convert("L")
    grey.thumbnail((320, 320))
    light = ImageStat.Stat(grey)
    edges = ImageStat.Stat(grey.filter(_LAPLACE)).stddev[0]
    score: float = edges**0.5 * light.stddev[0]
    if _is_card(grey):
        score /= 20
    empty = light.mean[0] < _DARK or light.mean[0] > 255 - _DARK or light.stddev[0] < _FLAT
    return score / 1000 if empty else score


class Candidates:
    """The best frames so far, best first."""

    def __init__(self, most: int) -> None:
        self._most = max(1, most)
        self._best: list[tuple[float, float, Image.Image]] = []

    def consider(self, at: float, image: Image.Image) -> None:
        """Keep it if it is among the best."""
        self._best.append((interest(image), -at, image))
        self._best.sort(key=lambda one: one[:2], reverse=True)
        del self._best[self._most :]

    def images(self) -> list[Image.Image]:
        """Best first; none of a film without a frame."""
        return [image for _, _, image in self._best]


def posters(
    images: Sequence[Image.Image], folder: Path, formats: Sequence[str], sizes: Sequence[int]
) -> Iterator[Picture]:
    """The three usual ones of the best frame, then every wished size of every candidate in every
    format; a size of 0 is the picture's own."""
    for role, bound in SIZES:
        yield _written(images[0], bound, role, "jpeg", folder)
    for number, image in enumerate(images):
        for size in sizes:
            for form in formats:
                role = f"candidate{number + 1}-{size or 'original'}"
                yield _written(image, size, role, form, folder)


def _written(image: Image.Image, bound: int, role: str, form: str, folder: Path) -> Picture:
    sized = image.copy()
    if bound:
        sized.thumbnail((bound, bound), Image.Resampling.LANCZOS)
    path = folder / f"{role}.{_SUFFIX.get(form, form)}"
    sized.save(path, form.upper(), **_SAVING[form])
    return Picture(str(path), role, sized.width, sized.height)


def _is_card(grey: Image.Image) -> bool:
    """Whether most of it is of one tone, as behind titles."""
    tones = grey.histogram()
    most = max(sum(tones[at : at + _CARD_TONES]) for at in range(0, 256, _CARD_TONES // 2))
    return most > _CARD_SHARE * grey.width * grey.height
