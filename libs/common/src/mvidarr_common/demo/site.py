"""A local web site with the samples, for a real yt-dlp to fetch from; it can misbehave."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import cycle, islice
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .media import Conduct, MediaFile
from .pages import AGE_GATE, BLANK, MIME, feed, spoken, watch_page
from .samples import Sample
from .server import LOOPBACK, serving


class Site:
    """`async with Site(samples) as site: site.url(slug)`.

    `pages[slug]` and `media[slug]` say how a page and its file are served; `served` counts the
    bytes of each file that went out, `ranges` keeps the Range headers that came in, and `visits`
    the headers of the requests for each page.
    """

    def __init__(self, samples: Sequence[Sample], port: int = 0, host: str = LOOPBACK) -> None:
        self.samples = {sample.slug: sample for sample in samples}
        self.pages: dict[str, Conduct] = {}
        self.media: dict[str, Conduct] = {}
        self.served: Counter[str] = Counter()
        self.ranges: dict[str, list[str | None]] = {}
        self.visits: dict[str, list[dict[str, str]]] = {}
        self.address = ""
        self._place = host, port
        self._closing = asyncio.Event()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        routes = [
            Route("/watch/{slug}", self._watch),
            Route("/list/{count:int}", self._list),
            Route("/media/{file}", _Media(self)),
            Route("/poster/{slug}.jpg", self._poster),
            Route("/subtitles/{language}.vtt", self._subtitles),
        ]
        app = Starlette(routes=routes)
        self.address = await self._stack.enter_async_context(serving(app, *self._place))
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._closing.set()
        await self._stack.aclose()

    def url(self, slug: str) -> str:
        """The page of a sample, as a person would give it."""
        return f"{self.address}/watch/{slug}"

    def list_url(self, count: int) -> str:
        """A feed of so many videos: the samples, over and over."""
        return f"{self.address}/list/{count}"

    def media_url(self, slug: str) -> str:
        """The file behind the page."""
        return f"{self.address}/media/{slug}{self.samples[slug].path.suffix}"

    async def _watch(self, request: Request) -> Response:
        slug = request.path_params["slug"]
        self.visits.setdefault(slug, []).append(dict(request.headers))
        conduct = self.pages.get(slug, Conduct())
        if answer := await self.misconduct(conduct):
            return answer
        if conduct.cookie and conduct.cookie not in request.headers.get("cookie", ""):
            return HTMLResponse("<p>Sign in to see this video.</p>", 401)
        if conduct.age_gate and "adult=yes" not in request.headers.get("cookie", ""):
            return HTMLResponse(AGE_GATE, 403)
        if conduct.blank:
            return HTMLResponse(BLANK)
        if slug not in self.samples:
            return HTMLResponse("<p>There is no such video.</p>", 404)
        poster = f"{self.address}/poster/{slug}.jpg"
        media = conduct.shows or self.media_url(slug)
        return HTMLResponse(watch_page(self.samples[slug], media, poster, conduct))

    async def _list(self, request: Request) -> Response:
        slugs = list(islice(cycle(self.samples), request.path_params["count"]))
        items = [(self.samples[slug], self.url(slug)) for slug in slugs]
        return Response(feed(items), media_type="application/rss+xml")

    async def _poster(self, request: Request) -> Response:
        sample = self.samples.get(request.path_params["slug"])
        return FileResponse(sample.poster) if sample else Response(status_code=404)

    async def _subtitles(self, request: Request) -> Response:
        return Response(spoken(request.path_params["language"]), media_type="text/vtt")

    async def misconduct(self, conduct: Conduct) -> Response | None:
        """The answer of a page or file that is not to be had."""
        if conduct.hang:
            await self._closing.wait()
            return Response(status_code=503)
        if conduct.redirect is not None:
            return RedirectResponse(conduct.redirect)
        if conduct.status is not None:
            pause = conduct.retry_after
            headers = {} if pause is None else {"Retry-After": str(pause)}
            return Response("<p>No.</p>", conduct.status, headers, "text/html")
        return None

    def file(self, slug: str) -> MediaFile | None:
        """The response with a sample's file; an agreed cut and an agreed fault are used up by
        it."""
        sample = self.samples.get(slug)
        if sample is None:
            return None
        conduct = self.media.get(slug, Conduct())
        cut = conduct.cut_after is not None
        self.media[slug] = replace(
            conduct, cuts=conduct.cuts - cut, spoils=max(0, conduct.spoils - 1)
        )
        mime = MIME[sample.path.suffix]
        return MediaFile(sample.path, mime, conduct, self._closing, lambda n: self._sent(slug, n))

    def _sent(self, slug: str, count: int) -> None:
        self.served[slug] += count


class _Media:
    """The route of the files; a class, so that Starlette takes it as a plain ASGI application."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        slug = str(request.path_params["file"]).rpartition(".")[0]
        self.site.ranges.setdefault(slug, []).append(request.headers.get("range"))
        conduct = self.site.media.get(slug, Conduct())
        answer: ASGIApp | None = await self.site.misconduct(conduct) or self.site.file(slug)
        await (answer or Response(status_code=404))(scope, receive, send)
