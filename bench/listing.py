"""Pages of a large library (BENCH_LISTED videos, 100,000) as the catalog answers them: the 95th
percentile of each kind of list and search, on PostgreSQL.

The limit is what no list can leave out: the newest page of the same rows by its index, read with
the same driver.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_catalog.brain import store
from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.leader import Leader
from mvidarr_catalog.brain.reading import Answers
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.transactions import transaction
from mvidarr_catalog.brain.writes import Writes
from mvidarr_catalog.library.search import searchable, sort_key
from mvidarr_catalog.library.video_states import InState
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.models import whole_brain
from mvidarr_common.bus import open_bus
from mvidarr_common.messages.ids import ProfileId, VideoId, artist_id
from mvidarr_common.messages.library import Description
from mvidarr_common.messages.profiles import DEFAULT_PROFILE
from mvidarr_common.messages.queries import ListVideos, VideoState

from .ground import Ground
from .measure import RUNS, Figure, Series

VIDEOS = int(os.environ.get("BENCH_LISTED", "100000"))
ASKED = 20
"""Questions of one run; each is asked about something else."""
CHUNK = 5000
BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
WORDS = (
    "love", "night", "only", "you", "dance", "fire", "river", "blue", "heart", "summer", "rain",
    "ghost", "city", "light", "dream", "gold", "winter", "hello", "moon", "road",
)  # fmt: skip
STATES: tuple[VideoState, ...] = ("ready", "ready", "ready", "wanted", "failed")

Make = Callable[[random.Random], ListVideos]


def _search(dice: random.Random, words: int) -> ListVideos:
    return ListVideos(search=" ".join(dice.choice(WORDS)[:3] for _ in range(words)))


LISTS: dict[str, Make] = {
    "newest first": lambda dice: ListVideos(skip=dice.randrange(50)),
    "by title": lambda dice: ListVideos(sort="title", skip=dice.randrange(50)),
    "by artist": lambda dice: ListVideos(sort="artist", skip=dice.randrange(50)),
    "of a state": lambda dice: ListVideos(filter="state = failed", skip=dice.randrange(50)),
    "of an artist": lambda dice: ListVideos(artist_id=artist_id(f"Artist {dice.randrange(5000)}")),
    "whose title contains a word": lambda dice: ListVideos(filter=f"title ~ {dice.choice(WORDS)}"),
    "newest first, with the total": lambda dice: ListVideos(total=True, skip=dice.randrange(50)),
    "search for a word": lambda dice: _search(dice, 1),
    "search for two words": lambda dice: _search(dice, 2),
    "search for an artist": lambda dice: ListVideos(search=f"artist {dice.randrange(5000)}"),
}


async def measure(ground: Ground) -> AsyncIterator[Figure]:
    """One question at a time: how long it takes, not how many there can be."""
    url = await asyncio.to_thread(ground.postgres.new_database)
    engine = open_engine(url, 2)
    try:
        await _fill(engine)
        answers, dice = Answers(engine, whole_brain()), random.Random(1)
        for name, make in LISTS.items():
            runs = []
            for _ in range(RUNS):
                least = await _p95(lambda: _newest(engine))
                runs.append((await _p95(lambda: answers.answer(make(dice))), least))  # noqa: B023
            ours, limit = zip(*runs, strict=True)
            yield Figure(
                f"{name}, p95 at {VIDEOS:,} videos", "PostgreSQL", "ms", Series("", ours),
                (Series("a page by its index", limit),),
            )  # fmt: skip
    finally:
        await engine.dispose()


async def _p95(ask: Callable[[], Awaitable[Any]]) -> float:
    """In milliseconds."""
    taken = []
    for _ in range(ASKED):
        began = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - began) * 1000)
    return quantiles(taken, n=20)[-1]


async def _newest(engine: AsyncEngine) -> None:
    table = table_of(Video, 1)
    async with engine.connect() as connection:
        query = sa.select(table).order_by(table.c.added.desc()).limit(51)
        (await connection.execute(query)).all()


async def _fill(engine: AsyncEngine) -> None:
    async with open_bus("embedded::memory:", "bench") as bus:
        await Leader(engine, bus, whole_brain()).take_over()
    dice, states = random.Random(0), Counter[str]()
    for start in range(0, VIDEOS, CHUNK):
        rows = [_video(dice, number) for number in range(start, min(start + CHUNK, VIDEOS))]
        states.update(row.state for row in rows)
        async with transaction(engine) as connection, Writes(connection) as writes:
            store.save_rows(writes, {(Video, row.id): row for row in rows}, 1)
    async with transaction(engine) as connection:
        counted = [InState(id=state, videos=videos) for state, videos in states.items()]
        async with Writes(connection) as writes:
            store.save_rows(writes, {(InState, row.id): row for row in counted}, 1)
        await connection.execute(sa.text(f"ANALYZE {table_of(Video, 1).name}"))


def _video(dice: random.Random, number: int) -> Video:
    artist = f"Artist {dice.randrange(5000)}"
    title = " ".join(dice.sample(WORDS, 3)).title() + f" {number}"
    added = BEGAN + timedelta(minutes=number)
    return Video(
        id=VideoId(f"video-{number}"), url=f"https://videos.test/{number}",
        state=dice.choice(STATES), known=Description(title=title, artist=artist),
        found=Description(), artist_id=artist_id(artist), search=searchable(artist, title),
        title_key=sort_key(title), artist_key=sort_key(artist),
        profile_id=ProfileId(DEFAULT_PROFILE), pipeline_id=None, files=(), quality=None,
        failure=None, deletion=None, added=added, changed_at=added,
    )  # fmt: skip
