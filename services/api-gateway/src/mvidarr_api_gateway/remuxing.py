"""Films in containers that browsers cannot open, poured into one that they can as they are watched.

FFmpeg copies the streams as they are, in a child process that ends with its client. Nothing is
encoded: what would have to be is for the transcoder.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mvidarr_common.errors import Invalid, Unavailable
from mvidarr_common.ffmpeg import DEMUXERS, MOST_STREAMS, PROTOCOLS, find_ffmpeg
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.processes import Children, open_children
from mvidarr_common.runtime import limits_of

from .settings import GatewaySettings

CHUNK: Final = 128 * 1024
PATIENCE: Final = 60.0
"""Seconds in which a client has to take something."""
PLAYED_AS_IT_IS: Final = frozenset({"mp4", "webm"})
PICTURES: Final = frozenset({"h264", "av1", "vp9"})
SOUNDS: Final = frozenset({"aac", "mp3", "opus", "flac"})
HEADERS: Final = {"Cache-Control": "no-store", "Accept-Ranges": "none"}


class Remuxing:
    """Starts copies, so many at once and no more. Where there is no FFmpeg it offers none."""

    def __init__(self, children: Children, at_once: int) -> None:
        self._children = children
        self._free = at_once
        try:
            self._ffmpeg: str | None = find_ffmpeg()
        except FileNotFoundError:
            self._ffmpeg = None

    def offers(self, facts: MediaFacts) -> bool:
        """Whether a browser plays the copy, and not the film itself."""
        picture = facts.picture
        sounds = [sound.codec in SOUNDS for sound in facts.audio[:1]]
        fits = picture is not None and picture.codec in PICTURES and all(sounds)
        return self._ffmpeg is not None and fits and facts.container not in PLAYED_AS_IT_IS

    def copy(self, film: Path, facts: MediaFacts, start: float) -> Response:
        """The film from this second on; raises Invalid for what cannot be copied."""
        if self._ffmpeg is None or not self.offers(facts):
            raise Invalid("not_copied", "This film is played as it is, or has to be transcoded.")
        if facts.duration is not None and start >= facts.duration:
            raise Invalid("outside", f"The film ends at {facts.duration:.1f} s.")
        return _Copy(self, command(self._ffmpeg, film, start))

    @asynccontextmanager
    async def poured(self, line: list[str]) -> AsyncIterator[asyncio.StreamReader]:
        """What the program writes; it has ended when this is left. Raises Unavailable where too
        many are at it."""
        if self._free <= 0:
            raise Unavailable("too_many_copies", "Too many films are copied at once.", after=10)
        self._free -= 1
        try:
            async with self._children.pour(*line) as output:
                yield output
        finally:
            self._free += 1


@asynccontextmanager
async def open_remuxing(settings: GatewaySettings) -> AsyncIterator[Remuxing]:
    """No process is started before the first copy."""
    async with open_children(limits=limits_of(settings)) as children:
        yield Remuxing(children, settings.remuxes)


def command(ffmpeg: str, film: Path, start: float) -> list[str]:
    """A whole command line; the film can name no other file, and no address."""
    return [
        ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", PROTOCOLS,
        "-format_whitelist", DEMUXERS, "-max_streams", str(MOST_STREAMS),
        *(["-ss", f"{start:.3f}"] if start else []), "-i", f"file:{film}",
        "-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-map_metadata", "-1",
        "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1",
    ]  # fmt: skip


class _Copy(Response):
    """Begins to answer when the first bytes are there."""

    media_type = "video/mp4"

    def __init__(self, remuxing: Remuxing, line: list[str]) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._remuxing = remuxing
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Until it ends, or the client goes."""
        if scope["method"] == "HEAD":
            await self._send_head(send, more=False)
            return
        pouring = asyncio.ensure_future(self._pour(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({pouring, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if pouring.done():
                pouring.result()
        finally:
            pouring.cancel()
            leaving.cancel()
            await asyncio.gather(pouring, leaving, return_exceptions=True)

    async def _pour(self, send: Send) -> None:
        async with self._remuxing.poured(self._line) as output:
            chunk = await output.read(CHUNK)
            if not chunk:
                raise Invalid("not_copied", "FFmpeg cannot copy this film.")
            await self._send_head(send, more=True)
            while chunk:
                async with asyncio.timeout(PATIENCE):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await output.read(CHUNK)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_head(self, send: Send, *, more: bool) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        if not more:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
