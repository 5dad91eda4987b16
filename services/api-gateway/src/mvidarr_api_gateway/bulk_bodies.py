"""What clients send where one request is about many things: the items, each read for itself."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from mvidarr_common.messages import Value
from mvidarr_common.messages.ids import ArtistId, JobId, VideoId, artist_id

from .bodies import Body, EditBody, NewArtist, NewVideo

MOST_ITEMS = 1000
Key = Field(default=None, min_length=1, max_length=300)
"""What the client calls an item: its result has it, and the same request again means the same."""

T = TypeVar("T", bound=Value)


class Unreadable:
    """An item that cannot be read, and why."""

    def __init__(self, error: ValidationError) -> None:
        self.why = "; ".join(_sentence(each) for each in error.errors()[:3])


def _apart(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    """What cannot be read refuses itself, and not the others."""
    try:
        return read(value)
    except ValidationError as error:
        return Unreadable(error)


def _sentence(error: Any) -> str:
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {error['msg'].removeprefix('Value error, ')}" if where else error["msg"]


class Many(Body, Generic[T]):
    """Up to 1000 items. Each is carried out or refused for itself."""

    items: tuple[Annotated[T, WrapValidator(_apart)], ...] = Field(
        min_length=1, json_schema_extra={"maxItems": MOST_ITEMS}
    )


class VideoToAdd(NewVideo):
    key: str | None = Key


class VideoToEdit(EditBody):
    id: VideoId
    key: str | None = Key


class OneVideo(Body):
    id: VideoId
    key: str | None = Key


class ArtistToFollow(NewArtist):
    key: str | None = Key

    @property
    def id(self) -> ArtistId:
        """Whom the name means."""
        return artist_id(self.name)


class OneArtist(Body):
    id: ArtistId
    key: str | None = Key


class OneJob(Body):
    id: JobId
    key: str | None = Key


class VideosToAdd(Many[VideoToAdd]):
    pass


class VideosToEdit(Many[VideoToEdit]):
    pass


class ManyVideos(Many[OneVideo]):
    pass


class ArtistsToFollow(Many[ArtistToFollow]):
    pass


class ManyArtists(Many[OneArtist]):
    pass


class ManyJobs(Many[OneJob]):
    pass
