"""Questions about how far people have come in films."""

from datetime import datetime

from pydantic import Field

from mvidarr_common.messages.base import Query
from mvidarr_common.messages.ids import UserId, VideoId

from .lists import Page, View


class WatchedView(View):
    """How far somebody has come in a film, and when that was."""

    video_id: VideoId
    position: float
    duration: float | None
    changed: datetime


class ContinuedView(WatchedView):
    """The same, with what a list shows of the film."""

    title: str
    artist: str | None


class Continued(Page):
    items: tuple[ContinuedView, ...]


class GetWatched(Query[WatchedView], wire="watching.get", answer=WatchedView):
    user_id: UserId
    video_id: VideoId


class ListWatched(Query[Continued], wire="watching.list", answer=Continued):
    """Films that were begun and not finished, the last one first."""

    user_id: UserId
    limit: int = Field(default=50, ge=1, le=500)
