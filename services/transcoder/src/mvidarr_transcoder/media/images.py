"""Looking at a picture and making others of it. A bomb is refused by what its header says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter, ImageOps, ImageSequence, ImageStat

from mvidarr_common.messages.jobs import ImageDone, ImageLook, ImageWish

MOST_PIXELS = 100_000_000
MOST_BYTES = 100 << 20
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
"""What pictures of artwork come in; the formats that run programs are not among them."""

_LAPLACE = ImageFilter.Kernel((3, 3), (-1, -1, -1, -1, 8, -1, -1, -1, -1), scale=1, offset=128)
_COLOURS = 5
_SUFFIX = {"jpeg": "jpg"}
_MOVING = ("webp", "avif", "png", "gif")
_USUAL_MS = 100


def work_on(source: str, name: str, folder: str, wishes: tuple[ImageWish, ...]) -> ImageDone:
    """What came of one picture; `name` is what it is called in the answer."""
    try:
        with _opened(Path(source)) as image:
            look = look_at(image)
            moving = any(wish.moving for wish in wishes)
            frames = _frames(image) if moving else [_upright(image)]
    except Image.DecompressionBombError:
        return ImageDone(source=name, reason="The picture is too large.")
    except (OSError, ValueError, SyntaxError) as error:
        return ImageDone(source=name, reason=str(error) or type(error).__name__)
    made = tuple(_make(frames, wish, Path(folder)) for wish in wishes)
    return ImageDone(source=name, look=look, made=made)


def look_at(image: Image.Image) -> ImageLook:
    """The facts of a picture; of an animated one, its first frame's."""
    small = image.convert("RGB")
    small.thumbnail((256, 256))
    grey = small.convert("L")
    inner = ImageOps.crop(grey.filter(_LAPLACE), 1) if min(grey.size) > 2 else grey
    edges = ImageStat.Stat(inner).stddev[0]
    return ImageLook(
        width=image.width,
        height=image.height,
        form=(image.format or "").lower(),
        frames=getattr(image, "n_frames", 1),
        brightness=round(ImageStat.Stat(grey).mean[0] / 2.55, 1),
        sharpness=round(min(100.0, edges), 1),
        colours=_colours(small),
    )


def _opened(path: Path) -> Image.Image:
    """Raises ValueError for what would not fit into memory, before a single pixel is decoded."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError("The file is too large for a picture.")
    image = Image.open(path, formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:
        size = f"{image.width}x{image.height}"
        image.close()
        raise ValueError(f"The picture is too large: {size}.")
    image.draft("RGB", (4096, 4096))
    return image


def _frames(image: Image.Image) -> list[Image.Image]:
    """All of them, with their times; raises ValueError for more than fits into memory."""
    count = getattr(image, "n_frames", 1)
    if count * image.width * image.height > MOST_PIXELS:
        raise ValueError(f"The picture is too large: {count} of {image.width}x{image.height}.")
    return [_upright(frame) for frame in ImageSequence.Iterator(image)]


def _upright(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image).convert(_mode(image))
    upright.info["duration"] = image.info.get("duration", _USUAL_MS)
    return upright


def _make(frames: Sequence[Image.Image], wish: ImageWish, folder: Path) -> str:
    path = folder / f"{wish.name}.{_SUFFIX.get(wish.form, wish.form)}"
    first, *others = (_sized(frame, wish) for frame in frames)
    how: dict[str, Any] = {"quality": wish.quality, "optimize": True}
    if wish.moving and others and wish.form in _MOVING:
        times = [frame.info["duration"] for frame in frames]
        how |= {"save_all": True, "append_images": others, "duration": times, "loop": 0}
    first.save(path, wish.form.upper(), **how)
    return str(path)


def _sized(image: Image.Image, wish: ImageWish) -> Image.Image:
    box = (wish.width, wish.height)
    if wish.crop:
        made = ImageOps.fit(image, box, Image.Resampling.LANCZOS)
    else:
        made = image.copy()
        made.thumbnail(box, Image.Resampling.LANCZOS)
    if wish.form == "jpeg" and made.mode == "RGBA":
        under = Image.new("RGB", made.size, (255, 255, 255))
        under.paste(made, mask=made.getchannel("A"))
        return under
    return made


def _mode(image: Image.Image) -> str:
    return "RGBA" if image.has_transparency_data else "RGB"


def _colours(small: Image.Image) -> tuple[str, ...]:
    palette = small.quantize(_COLOURS)
    counted = sorted(palette.getcolors() or (), reverse=True)
    raw = palette.getpalette() or []
    return tuple(
        "#{:02x}{:02x}{:02x}".format(*raw[number * 3 : number * 3 + 3])
        for _, number in counted
        if isinstance(number, int)
    )
