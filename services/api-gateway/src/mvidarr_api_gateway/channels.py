"""Channels that are watched: so many at once and no more."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mvidarr_common.errors import Problem, TooMany, Unavailable
from mvidarr_common.ffmpeg import find_ffmpeg
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import UserId
from mvidarr_common.processes import Children

from .callers import Holder
from .identity import Identity
from .lineups import Channel, Lineups, nothing_on
from .metrics import CHANNELS
from .pouring import Give, Poured
from .settings import GatewaySettings
from .splicing import BURST
from .viewing import Studio, Viewing

MPEG_TS = "video/mp2t"
RETRY = 30.0

log = logging.getLogger(__name__)


class Channels:
    """Each client has a stream of its own, that shows the same as the others'."""

    def __init__(
        self,
        children: Children,
        lineups: Lineups,
        root: DataRoot,
        identity: Identity,
        settings: GatewaySettings,
    ) -> None:
        self.lineups = lineups
        self._children = children
        self._root = root
        self._identity = identity
        self._settings = settings
        self._bursts: dict[str, bool] = {}
        self._watched: Counter[UserId] = Counter()
        self._ended = asyncio.Event()

    def stream(self, channel: Channel, holder: Holder, *, whole: bool) -> Poured:
        """For as long as the client stays; `whole` begins with the beginning of a film."""

        async def pour(give: Give) -> None:
            with self._seat(holder.user_id):
                if not (await self.lineups.of(channel)).films:
                    raise nothing_on()
                viewing = Viewing(
                    await self._studio(),
                    channel,
                    lambda: self._identity.of_holder(holder),
                    self._ended,
                    whole,
                )
                try:
                    await viewing.watch(give)
                except Problem as problem:
                    if not viewing.begun:
                        raise
                    log.warning("a channel has ended: %s", problem.message)

        return Poured(pour, MPEG_TS)

    def end(self) -> None:
        """Every stream ends now."""
        self._ended.set()

    async def _studio(self) -> Studio:
        try:
            ffmpeg = find_ffmpeg()
        except FileNotFoundError:
            raise Unavailable("no_ffmpeg", "A channel needs FFmpeg, and here is none.") from None
        if ffmpeg not in self._bursts:
            options: list[str] = []
            await self._children.run(ffmpeg, "-h", "long", on_line=options.append)
            self._bursts[ffmpeg] = any(line.startswith(BURST) for line in options)
        bursts = self._bursts[ffmpeg]
        return Studio(ffmpeg, bursts, self._children, self.lineups, self._root)

    @contextmanager
    def _seat(self, user: UserId) -> Iterator[None]:
        most = self._settings.channels_per_user
        if self._watched[user] >= most:
            sentence = f"A user watches {most} channels at once, and no more."
            raise TooMany("too_many_channels", sentence, after=RETRY)
        if self._watched.total() >= self._settings.channels:
            raise Unavailable("channels_full", "Too many channels are watched.", after=RETRY)
        self._watched[user] += 1
        try:
            with CHANNELS.track_inprogress():
                yield
        finally:
            self._watched[user] -= 1
            self._watched += Counter()
