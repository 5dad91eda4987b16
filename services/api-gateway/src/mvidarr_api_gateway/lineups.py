"""The films of channels, as the catalog knows them, and which of them turned out to be shorter."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import Field

from mvidarr_common.errors import NotFound, Unavailable
from mvidarr_common.messages import Value
from mvidarr_common.messages.queries import ListVideos

from .programme import DAY, Film
from .reads import Reads
from .splicing import Reel, reel_of

MOST: Final = 5000
"""Films of a channel; where more match, its order says which."""
FRESH: Final = 5.0
"""Seconds for which a list is used again."""
SETTLED: Final = 2 * FRESH
"""Seconds after which a new film is taken up: by then every gateway knows of it."""
REMEMBERED: Final = 20
"""Channels whose films are in memory."""
SHORTEST: Final = 1.0
FIELDS: Final = "id,title,artist,about,files"


class Wanted(Value):
    """Which videos, and in what order (docs/filters.md)."""

    filter: str | None = Field(default=None, max_length=2000)
    sort: str | None = Field(default=None, max_length=200)
    search: str | None = Field(default=None, max_length=500)


class Channel(Wanted):
    """A channel is what it is asked for: who gives the same name and films sees the same."""

    name: str = Field(default="MVidarr", min_length=1, max_length=100)
    shuffle: bool = True

    @property
    def seed(self) -> str | None:
        """What its shuffle is made of."""
        return self.name if self.shuffle else None

    @property
    def id(self) -> str:
        """What players know it by."""
        told = self.model_dump_json(include=set(Channel.model_fields))
        return f"{hashlib.blake2b(told.encode(), digest_size=6).hexdigest()}.mvidarr"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a film of the programme is."""

    file_id: str
    reel: Reel
    title: str
    artist: str | None
    album: str | None
    year: int | None
    picture: str | None
    """The role of its picture: thumb or poster."""


@dataclass(frozen=True, slots=True)
class Lineup:
    """The films of a channel, in its order, and what each of them is."""

    films: tuple[Film, ...]
    known: Mapping[str, Shown]


class Lineups:
    """Asks the catalog, not more often than every few seconds; what was asked before has to do
    while it is away."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._kept: dict[str, tuple[float, Lineup]] = {}
        self._cuts: dict[str, tuple[float, float]] = {}

    async def of(self, channel: Channel) -> Lineup:
        """Its films now; raises Invalid for a filter that cannot be used."""
        asked, kept = self._kept.get(channel.id, (0.0, None))
        if kept is None or time.monotonic() - asked > FRESH:
            try:
                asked, kept = time.monotonic(), await self._ask(channel)
            except Unavailable:
                if kept is None:
                    raise
        self._kept.pop(channel.id, None)
        self._kept[channel.id] = (asked, kept)
        while len(self._kept) > REMEMBERED:
            del self._kept[next(iter(self._kept))]
        return self._cut(kept)

    def shorten(self, file_id: str, since: float, seconds: float) -> None:
        """For today: whoever begins with the file from that moment on sees so much of it."""
        today = since // DAY * DAY
        self._cuts = {id: cut for id, cut in self._cuts.items() if cut[0] >= today}
        self._cuts[file_id] = (since, seconds)

    def _cut(self, lineup: Lineup) -> Lineup:
        if not self._cuts:
            return lineup
        films = (
            replace(film, cut=self._cuts.get(lineup.known[film.id].file_id))
            for film in lineup.films
        )
        return replace(lineup, films=tuple(films))

    async def _ask(self, channel: Channel) -> Lineup:
        wish = channel.model_dump(include=set(Wanted.model_fields))
        page = ListVideos(state="ready", fields=FIELDS, limit=500, **wish)
        found: dict[str, tuple[Film, Shown]] = {}
        while len(found) < MOST:
            answer = orjson.loads(await self._reads.get(page))
            found |= {each[0].id: each for each in _films(answer["items"])}
            if not answer["next"]:
                break
            page = page.model_copy(update={"cursor": answer["next"]})
        known = {id: shown for id, (_, shown) in found.items()}
        return Lineup(tuple(film for film, _ in found.values()), known)


def nothing_on() -> NotFound:
    """Why a channel cannot be watched."""
    return NotFound("channel_empty", "No film that can be shown matches the filter.")


def _films(videos: list[dict[str, Any]]) -> Iterator[tuple[Film, Shown]]:
    """Of each video the file that needs the least work."""
    for video in videos:
        reels = [
            (reel, file)
            for file in video["files"]
            if file["state"] == "present" and (reel := reel_of(file["rendition"])) is not None
        ]
        if reels:
            reel, file = max(reels, key=lambda each: each[0].is_copied)
            seconds = file["rendition"]["facts"]["duration"] or 0.0
            since = datetime.fromisoformat(file["added"]).timestamp() + SETTLED
            if seconds >= SHORTEST:
                yield Film(video["id"], seconds, since), _shown(video, file, reel)


def _shown(video: dict[str, Any], file: dict[str, Any], reel: Reel) -> Shown:
    about, sidecars = video["about"], file["rendition"]["sidecars"]
    roles = (role for role in ("thumb", "poster") if any(f"-{role}." in each for each in sidecars))
    return Shown(
        file_id=file["id"],
        reel=reel,
        title=video["title"],
        artist=video["artist"],
        album=about.get("album"),
        year=int(about["released"][:4]) if about.get("released") else None,
        picture=next(roles, None),
    )
