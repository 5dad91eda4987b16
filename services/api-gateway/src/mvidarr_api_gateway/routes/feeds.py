"""For calendars, feed readers and other programs: iCal, RSS and OPML, by `?apikey=`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query, Request, Response

from mvidarr_api_gateway.answers import DECIDED
from mvidarr_api_gateway.bulk import BulkResults, perform_each
from mvidarr_api_gateway.bulk_bodies import ArtistToFollow
from mvidarr_api_gateway.feeds import OPML, RSS, followed_names, ical, opml, rss
from mvidarr_api_gateway.guard import Given, Tolerant, guarded_router, needs
from mvidarr_api_gateway.routes.arr import Between, released
from mvidarr_api_gateway.routes.artists import following
from mvidarr_common.messages.library import ArtistFollowed
from mvidarr_common.messages.queries import ArtistView, ListArtists, ListVideos

router = guarded_router("/feed/v1", "feeds", Tolerant)
AROUND = timedelta(days=90)


class Calendar(Response):
    media_type = "text/calendar"


class News(Response):
    media_type = RSS


class Outline(Response):
    media_type = OPML


OPML_BODY = {"requestBody": {"content": {OPML: {"schema": {"type": "string"}}}, "required": True}}


@router.get("/calendar/mvidarr.ics", openapi_extra=needs("readonly"), response_class=Calendar)
async def calendar(between: Annotated[Between, Query()], deps: Given) -> Response:
    """Releases as a calendar: three months back and ahead without dates."""
    today = datetime.now(UTC).date()
    days = Between(start=between.start or today - AROUND, end=between.end or today + AROUND)
    return Calendar(ical(await released(days, deps)))


@router.get("/videos.rss", openapi_extra=needs("readonly"), response_class=News)
async def news(request: Request, deps: Given) -> Response:
    """The newest videos of the library."""
    ready = ListVideos(filter="state = ready", sort="-added", limit=50)
    videos = (await deps.reads.read(ready)).items
    return News(rss(videos, str(request.base_url)))


@router.get("/artists.opml", openapi_extra=needs("readonly"), response_class=Outline)
async def followed(deps: Given) -> Response:
    """The artists that are followed."""
    artists: list[ArtistView] = []
    asked: ListArtists | None = ListArtists(followed=True, sort="name", limit=500)
    while asked is not None:
        page = await deps.reads.read(asked)
        artists += page.items
        asked = asked.model_copy(update={"cursor": page.next}) if page.next else None
    return Outline(opml([artist.name for artist in artists]))


@router.post(
    "/artists.opml",
    openapi_extra=needs("user") | OPML_BODY | DECIDED,
    response_model=BulkResults,
)
async def follow_all(request: Request) -> Response:
    """Follow every artist that an OPML document names."""
    names = [name[:300] for name in followed_names(await request.body())]
    items = [ArtistToFollow(name=name, key=name) for name in names]
    return await perform_each(request, items, following, ArtistFollowed)
