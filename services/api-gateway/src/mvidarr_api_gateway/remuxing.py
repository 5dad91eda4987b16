"""Films in containers that browsers cannot open, poured into one that they can as they are watched.

FFmpeg copies the streams as they are, in a child process that ends with its client. Nothing is
encoded: what would have to be is for the transcoder.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from mvidarr_common.errors import Invalid, Unavailable
from mvidarr_common.ffmpeg import DEMUXERS, MOST_STREAMS, PROTOCOLS, find_ffmpeg
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.processes import Children

from .pouring import CHUNK, Give, Poured

PLAYED_AS_IT_IS: Final = frozenset({"mp4", "webm"})
PICTURES: Final = frozenset({"h264", "av1", "vp9"})
SOUNDS: Final = frozenset({"aac", "mp3", "opus", "flac"})


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

    def copy(self, film: Path, facts: MediaFacts, start: float) -> Poured:
        """The film from this second on; raises Invalid for what cannot be copied."""
        if self._ffmpeg is None or not self.offers(facts):
            raise Invalid("not_copied", "This film is played as it is, or has to be transcoded.")
        if facts.duration is not None and start >= facts.duration:
            raise Invalid("outside", f"The film ends at {facts.duration:.1f} s.")
        line = command(self._ffmpeg, film, start)
        return Poured(lambda give: self._pour(line, give), "video/mp4")

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

    async def _pour(self, line: list[str], give: Give) -> None:
        async with self.poured(line) as output:
            chunk = await output.read(CHUNK)
            if not chunk:
                raise Invalid("not_copied", "FFmpeg cannot copy this film.")
            while chunk:
                await give(chunk)
                chunk = await output.read(CHUNK)


def command(ffmpeg: str, film: Path, start: float) -> list[str]:
    """A whole command line; the film can name no other file, and no address."""
    return [
        ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", PROTOCOLS,
        "-format_whitelist", DEMUXERS, "-max_streams", str(MOST_STREAMS),
        *(["-ss", f"{start:.3f}"] if start else []), "-i", f"file:{film}",
        "-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-map_metadata", "-1",
        "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1",
    ]  # fmt: skip
