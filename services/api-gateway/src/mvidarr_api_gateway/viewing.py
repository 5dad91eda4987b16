"""Somebody watches a channel: one film after the other, for as long as they stay.

A film begins when its slot does, a few seconds ahead, so that players have something in hand. Who
has fallen behind is taken to where the programme is at the next border; a film that cannot be
shown gives its slot to what follows.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from mvidarr_common.errors import Problem, Unavailable
from mvidarr_common.files import DataRoot
from mvidarr_common.processes import Children

from .lineups import Channel, Lineups, Shown, nothing_on
from .playlists import credit, plain
from .pouring import CHUNK, Give
from .programme import BREATH, Slot, on_air
from .splicing import Piece, command

AHEAD: Final = 5.0
"""Seconds that a client is sent before they are on."""
BURST: Final = 2.0
"""Seconds of a later film that come at once, which makes up for the time in which it starts."""
LATE: Final = 10.0
STALLED: Final = 30.0
"""Seconds after which FFmpeg is not waited for."""
EARLY: Final = 2.0
"""Seconds before its end at which a film has ended too early."""
TRIES: Final = 10
"""Films one after the other that cannot be shown, after which it is not the films."""
LONGEST_TITLE: Final = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Studio:
    """What makes the stream. `bursts` says whether this FFmpeg can begin faster than it goes on."""

    ffmpeg: str
    bursts: bool
    children: Children
    lineups: Lineups
    root: DataRoot


class Viewing:
    """One client's stream. `allowed` raises a Problem when they may not watch any more; `ended` is
    set when nobody may. `whole` begins with the beginning of what is on, and stays behind."""

    def __init__(
        self,
        studio: Studio,
        channel: Channel,
        allowed: Callable[[], Awaitable[object]],
        ended: asyncio.Event,
        whole: bool,
    ) -> None:
        self._studio = studio
        self._channel = channel
        self._allowed = allowed
        self._ended = ended
        self._whole = whole
        self._lag = 0.0
        self._reached: float | None = None
        self._number = 0
        self._at = 0.0
        self._failed = 0

    @property
    def begun(self) -> bool:
        """Whether anything was shown."""
        return self._number > 0

    async def watch(self, give: Give) -> None:
        """Until it ends; raises NotFound for a channel without films."""
        while not self._ended.is_set():
            moment = await self._moment()
            lineup = await self._studio.lineups.of(self._channel)
            slot = on_air(lineup.films, self._channel.seed, moment)
            if slot is None:
                raise nothing_on()
            start = moment - slot.start
            if self._whole and self._reached is None:
                self._lag, start = start, 0.0
            await self._show(slot, lineup.known[slot.film.id], start, give)

    async def _moment(self) -> float:
        """What to show next, once it is time: where the last film ended, unless that was long
        ago."""
        if self._reached is None:
            return time.time()
        await self._still_allowed()
        ahead = self._reached - (time.time() - self._lag + AHEAD)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), max(ahead, 0.0))
        return self._reached if ahead > -LATE else time.time() - self._lag

    async def _still_allowed(self) -> None:
        """While the catalog is away, what it said last counts."""
        try:
            await self._allowed()
        except Unavailable:
            log.warning("the catalog is away; a channel goes on")

    async def _show(self, slot: Slot, shown: Shown, start: float, give: Give) -> None:
        piece = Piece(
            number=self._number,
            at=self._at,
            start=start,
            seconds=slot.end - BREATH - slot.start - start,
            burst=BURST if self._number else AHEAD + shown.reel.lead,
            title=_title(shown),
        )
        if piece.seconds < BREATH:
            self._reached = slot.end
            return
        began = time.monotonic()
        sent = await self._poured(shown, piece, give)
        paced = time.monotonic() - began + piece.burst
        self._note(slot, shown, piece, min(paced, piece.seconds) if sent else 0.0)

    async def _poured(self, shown: Shown, piece: Piece, give: Give) -> bool:
        """Whether anything came."""
        studio, sent = self._studio, False
        try:
            film = studio.root.at(shown.reel.path)
            line = command(studio.ffmpeg, film, shown.reel, piece, bursts=studio.bursts)
            async with studio.children.pour(*line) as output:
                while not self._ended.is_set() and (chunk := await _next(output)):
                    sent = True
                    await give(chunk)
        except Problem as problem:
            log.warning("%s is not shown to its end: %s", shown.reel.path, problem.message)
        return sent

    def _note(self, slot: Slot, shown: Shown, piece: Piece, seconds: float) -> None:
        """So much of the film was shown, by the pace at which it is read."""
        end, begun = slot.end, slot.start + piece.start
        if self._ended.is_set():
            return
        if piece.seconds - seconds > EARLY or not seconds:
            log.warning("a film of a channel cannot be shown to its end: %s", shown.reel.path)
            length = piece.start + seconds if seconds else 0.0
            self._studio.lineups.shorten(shown.file_id, slot.start, length)
            end = slot.start + length + BREATH if seconds else begun
        self._failed = 0 if seconds else self._failed + 1
        if self._failed >= TRIES:
            raise Unavailable("channel_broken", "None of its films can be shown.", after=60)
        self._reached = end
        self._at += end - begun
        self._number += bool(seconds)


async def _next(output: asyncio.StreamReader) -> bytes:
    """Nothing at the end, and nothing when nothing comes."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STALLED):
            return await output.read(CHUNK)
    return b""


def _title(shown: Shown) -> str:
    told = credit(shown.artist, shown.title)
    return plain(f"{told} ({shown.year})" if shown.year else told)[:LONGEST_TITLE]
