"""What is asked of a moment is answered as it would have been answered then."""

import os
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.integration.brain.told import keep, shown
from tests.unit.catalog.findings import result_of

from mvidarr_catalog.brain.state import Rows
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.artists import Artist
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.past import Past
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import NotFound
from mvidarr_common.messages import Command
from mvidarr_common.messages.curating import BulkEditVideos, MergeArtists, UndoCommand
from mvidarr_common.messages.ids import ArtistId, JobId, VideoId, WorkerId
from mvidarr_common.messages.jobs import CancelJob, JobCompleted, JobStarted
from mvidarr_common.messages.library import (
    AddVideo,
    DeleteVideo,
    Description,
    EditVideo,
    FollowArtist,
    IgnoreVideo,
    RestoreVideo,
    UnfollowArtist,
)
from mvidarr_common.messages.queries import (
    GetArtist,
    GetJob,
    GetVideo,
    ListArtists,
    ListJobs,
    ListVideos,
    OfThePast,
)
from mvidarr_common.messages.system import LogStarted

URLS = [f"https://videos.example/{n}" for n in range(3)]
VIDEOS = tuple(video_id(url) for url in URLS)
STEPS, MOMENTS = 20, 4


def lived(dice: random.Random) -> Story:
    """A library in which somebody does one thing and another."""
    story = Story()
    story.live(LogStarted(log_id="log"))
    for url in URLS:
        story.live(AddVideo(url=url, known=Description(artist=dice.choice("AB"))))
    for _ in range(STEPS):
        dice.choice([_command, _command, _work])(story, dice)
    return story


def _command(story: Story, dice: random.Random) -> None:
    id, artists = dice.choice(VIDEOS), [ArtistId(each.id) for each in story.rows(Artist)]
    jobs = [JobId(each.id) for each in story.rows(Job)]
    commands: list[Command] = [
        EditVideo(video_id=id, changes=Description(artist=dice.choice("ABC"))),
        BulkEditVideos(video_ids=VIDEOS, changes=Description(album=dice.choice("AB"))),
        DeleteVideo(video_id=id),
        RestoreVideo(video_id=id),
        IgnoreVideo(video_id=id),
        FollowArtist(name=dice.choice("ABC")),
        UnfollowArtist(artist_id=dice.choice(artists)),
        *(MergeArtists(artist_id=artists[0], others=(each,)) for each in artists[1:][-1:]),
        CancelJob(job_id=dice.choice(jobs)),
        UndoCommand(command_id=dice.choice(story.heard).id),
    ]
    story.live(dice.choice(commands))


def _work(story: Story, dice: random.Random) -> None:
    """A worker does something that waits."""
    waiting = [job for job in story.rows(Job) if job.state == "waiting"]
    if waiting:
        job = dice.choice(waiting)
        id, worker = JobId(job.id), WorkerId("w")
        story.live(JobStarted(job_id=id, attempt=1, worker_id=worker, delivery="d"))
        done = JobCompleted(
            job_id=id, attempt=1, worker_id=worker, result=result_of(job), seconds=1.0
        )
        story.live(done)


def questions(rows: Rows) -> list[OfThePast]:
    """All that can be asked about what there is."""
    asked: list[OfThePast] = [
        ListVideos(total=True),
        ListVideos(state="deleted"),
        ListArtists(),
        ListJobs(),
    ]
    asked += [ListVideos(filter="about.album = A"), ListJobs(limit=2)]
    asked += [ListVideos(below_cutoff=True), ListVideos(search="a"), ListArtists(search="b")]
    there = {kind: [id for (of, id), row in rows.items() if row and of is kind] for kind, _ in rows}
    asked += [GetVideo(id=VideoId(id)) for id in there.get(Video, [])]
    asked += [GetArtist(id=ArtistId(id)) for id in there.get(Artist, [])]
    return asked + [GetJob(id=JobId(id)) for id in there.get(Job, [])[-3:]]


def at_once(told: Sequence[Envelope]) -> list[Envelope]:
    """What a story decides is said at the time of whatever caused it, and never before it."""
    times: list[Envelope] = []
    now = BEGINNING
    for number, envelope in enumerate(told):
        now += timedelta(milliseconds=number % 3)
        times.append(replace(envelope, time=now))
    return times


@pytest.mark.parametrize("seed", range(int(os.environ.get("CHAOS_PASTS", "1"))))
async def test_every_question_about_a_moment_is_answered_as_it_was_then(
    idle: AsyncEngine, seed: int
) -> None:
    dice = random.Random(seed)
    told = at_once(lived(dice).heard)
    await keep(idle, told)
    past = Past(idle, whole_brain())
    moments = sorted(dice.sample(range(1, len(told)), MOMENTS), key=lambda _: dice.random())
    for number in moments:
        prefix = [each for each in told if each.time <= told[number].time]
        rows, answers = await shown(idle, prefix)
        for query in questions(rows):
            then = query.model_copy(update={"at": told[number].time})
            expected = orjson.loads(await answers.answer(query))
            assert orjson.loads(await past.answer(then)) == expected, (seed, number, query)
    await past.close()


async def test_what_came_later_was_not_there(idle: AsyncEngine) -> None:
    story = Story()
    story.live(LogStarted(log_id="log"), AddVideo(url=URLS[0]))
    await keep(idle, story.heard)
    past = Past(idle, whole_brain())
    with pytest.raises(NotFound):
        await past.answer(GetVideo(id=VIDEOS[0], at=BEGINNING))
    listed = orjson.loads(await past.answer(ListVideos(at=BEGINNING)))
    assert listed["items"] == []
    await past.close()
