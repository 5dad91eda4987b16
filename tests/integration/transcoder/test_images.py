"""Artwork is looked at and made anew; bombs and broken files stop nobody else."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import ImageDone, Images, ImageWish
from mvidarr_transcoder.operations import images


def encoded(image: Image.Image, form: str, **how: Any) -> bytes:
    raw = BytesIO()
    image.save(raw, form, **how)
    return raw.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60000 by 60000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    raw = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + raw


async def done(run: Any, *sources: str, wishes: tuple[ImageWish, ...] = ()) -> list[ImageDone]:
    return list((await run(images, Images(sources=sources, wishes=wishes))).images)


async def test_pictures_are_fitted_cropped_and_converted(
    put: Any, root: DataRoot, run: Any
) -> None:
    source = put("wide.png", encoded(Image.new("RGB", (1600, 800), (200, 30, 30)), "PNG"))
    wishes = (
        ImageWish(name="fit", width=400, height=400, form="webp"),
        ImageWish(name="square", width=300, height=300, crop=True, form="avif"),
        ImageWish(name="print", width=10, height=10),
    )
    [found] = await done(run, source, wishes=wishes)
    sizes = {}
    for path in found.made:
        with Image.open(root.at(path)) as image:
            sizes[Path(path).name] = (image.format, image.size)
    assert sizes == {
        "fit.webp": ("WEBP", (400, 200)),
        "square.avif": ("AVIF", (300, 300)),
        "print.jpg": ("JPEG", (10, 5)),
    }


async def test_what_a_picture_is_like_is_told(put: Any, run: Any) -> None:
    red = encoded(Image.new("RGB", (64, 32), (255, 0, 0)), "PNG")
    frames = [Image.new("RGB", (20, 10), (n * 60, 0, 0)) for n in range(4)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    plain, animated = await done(run, put("red.png", red), put("moving.gif", moving))
    assert plain.look
    assert (plain.look.width, plain.look.height, plain.look.form) == (64, 32, "png")
    assert plain.look.colours[0] == "#ff0000"
    assert plain.look.sharpness == 0
    assert animated.look
    assert animated.look.frames == 4


@pytest.mark.parametrize("form", ["webp", "avif", "png", "gif"])
async def test_what_moves_goes_on_moving_where_that_is_wished_for(
    form: Literal["webp", "avif", "png", "gif"], put: Any, root: DataRoot, run: Any
) -> None:
    frames = [Image.new("RGB", (200, 100), (n * 60, 0, 9 * n)) for n in range(4)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=250)
    wishes = (
        ImageWish(name="moving", width=100, height=100, form=form, moving=True),
        ImageWish(name="still", width=100, height=100, form=form),
    )
    [found] = await done(run, put("moving.gif", moving), wishes=wishes)
    for path, count in zip(found.made, (4, 1), strict=True):
        with Image.open(root.at(path)) as image:
            assert (image.size, getattr(image, "n_frames", 1)) == ((100, 50), count)


async def test_a_see_through_picture_gets_a_white_ground_as_jpeg(
    put: Any, root: DataRoot, run: Any
) -> None:
    clear = encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG")
    [found] = await done(
        run, put("clear.png", clear), wishes=(ImageWish(name="a", width=40, height=40),)
    )
    with Image.open(root.at(found.made[0])) as image:
        assert image.getpixel((5, 5)) == (255, 255, 255)


async def test_bombs_and_broken_files_are_refused_alone(put: Any, root: DataRoot, run: Any) -> None:
    good = encoded(Image.new("RGB", (30, 30)), "JPEG")
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) show\n"
    found = await done(
        run, put("good.jpg", good), put("bomb.png", bomb()), put("cut.jpg", good[:200]),
        put("words.jpg", b"no picture"), put("x.eps", program), "staging/none.jpg",
        wishes=(ImageWish(name="a", width=10, height=10),),
    )  # fmt: skip
    assert [one.reason is None for one in found] == [True, False, False, False, False, False]
    assert found[1].reason
    assert "too large" in found[1].reason
    assert found[5].reason == "The file staging/none.jpg is not there."
