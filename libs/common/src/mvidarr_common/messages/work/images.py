"""Work on pictures that are there already: artwork of artists and videos."""

from typing import Literal

from pydantic import Field

from mvidarr_common.messages.base import Value

from .base import JobSpec, Result


class ImageWish(Value):
    """One picture to be made: it fits the box; with `crop` it fills the box, cut in the middle.
    `moving` keeps the motion of an animated one, as far as the form has any."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$")
    width: int = Field(ge=1, le=8192)
    height: int = Field(ge=1, le=8192)
    form: Literal["jpeg", "webp", "avif", "png", "gif"] = "jpeg"
    quality: int = Field(default=85, ge=1, le=100)
    crop: bool = False
    moving: bool = False


class ImageLook(Value):
    """What a picture is like. `colours` are its most common ones, as "#rrggbb"; brightness and
    sharpness go from 0 to 100."""

    width: int
    height: int
    form: str
    frames: int
    brightness: float
    sharpness: float
    colours: tuple[str, ...]


class ImageDone(Value):
    """One source: how it looks and what was made of it, or why nothing was."""

    source: str
    look: ImageLook | None = None
    made: tuple[str, ...] = ()
    reason: str | None = None


class ImagesDone(Result):
    kind: Literal["images"] = "images"
    images: tuple[ImageDone, ...]


class Images(JobSpec, queue="media", gives=ImagesDone, stages=True):
    """Look at pictures and make others of them, several at once; one that is broken or too large
    does not stop the others."""

    kind: Literal["images"] = "images"
    sources: tuple[str, ...] = Field(min_length=1, max_length=200)
    wishes: tuple[ImageWish, ...] = Field(default=(), max_length=20)
