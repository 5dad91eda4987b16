"""A profile or a template is tried on the library, and nothing is changed by that."""

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.integration.brain.told import LIVE, keep, shown
from tests.unit.catalog.findings import result_of

from mvidarr_catalog.brain.rebuild import checksum
from mvidarr_catalog.brain.schema import event_log, outbox, timers
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.testing import Story
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    AnyResult,
    Download,
    Downloaded,
    JobCompleted,
    Place,
    Placed,
    Verified,
)
from mvidarr_common.messages.library import AddVideo, Description, Rendition
from mvidarr_common.messages.media import MediaFacts, VideoStream
from mvidarr_common.messages.profiles import (
    DEFAULT_PROFILE,
    QualityItem,
    QualityProfile,
    SaveProfile,
)
from mvidarr_common.messages.queries import Suppositions, WhatIf
from mvidarr_common.messages.system import LogStarted

SONG, SAME, OTHER = (f"https://videos.example/{n}" for n in range(3))
HD = MediaFacts(
    container="mp4",
    duration=1.0,
    size=1000,
    video=(VideoStream(codec="h264", width=1280, height=720),),
)
ANY = QualityProfile(name="Any")


def library() -> Story:
    """Three videos in 720p; the second has the first one's name, and a number behind it."""
    story = Story()
    at_most = tuple(QualityItem(quality=q) for q in ("480p", "720p"))
    story.live(LogStarted(log_id="log"))
    wish = QualityProfile(name="Any", items=at_most, cutoff="720p")
    story.live(SaveProfile(profile_id=DEFAULT_PROFILE, profile=wish))
    for url, stem in ((SONG, "Song"), (SAME, "Song (2)"), (OTHER, "Other")):
        title = "Other" if url == OTHER else "Song"
        story.live(AddVideo(url=url, known=Description(title=title, artist="Band")))
        while waiting := [job for job in story.rows(Job) if job.state == "waiting"]:
            for job in waiting:
                result = _result(job, f"library/Band/Band - {stem}.mp4")
                id, worker = JobId(job.id), WorkerId("w")
                done = JobCompleted(
                    job_id=id, attempt=1, worker_id=worker, result=result, seconds=1.0
                )
                story.live(done)
    return story


def _result(job: Job, path: str) -> AnyResult:
    found = result_of(job)
    if isinstance(found, Verified):
        return found.model_copy(update={"facts": HD})
    if isinstance(found, Placed) and isinstance(job.spec, Place):
        one = Rendition(path=path, role="original", sha256="ab", facts=HD)
        return Placed(renditions=(one,))
    if isinstance(found, Downloaded) and isinstance(job.spec, Download):
        return found.model_copy(update={"found": Description()})
    return found


async def ask(idle: AsyncEngine, query: WhatIf) -> Suppositions:
    """The answer; and what was written before it is all that is written after it."""
    told = library().heard
    await keep(idle, told)
    _, answers = await shown(idle, told)
    before = await _written(idle)
    try:
        return Suppositions.model_validate_json(await answers.answer(query))
    finally:
        assert await _written(idle) == before


async def _written(idle: AsyncEngine) -> list[object]:
    async with idle.connect() as connection:
        counts = [
            await connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (event_log, outbox, timers)
        ]
        return [*counts, await checksum(connection, whole_brain().rows, LIVE)]


def told(found: Suppositions, url: str) -> list[tuple[str, str | None]]:
    """What would become of this video."""
    return [(s.outcome, s.new_path) for s in found.items if s.video_id == video_id(url)]


async def test_a_template_says_what_it_would_rename(idle: AsyncEngine) -> None:
    found = await ask(idle, WhatIf(template="{Artist Name}/{Video Title}"))
    assert found.looked_at == 3
    assert told(found, SONG) == [("renamed", "library/Band/Song.mp4")]
    assert told(found, SAME) == [("renamed", "library/Band/Song.mp4")]
    [number] = [s.reason for s in found.items if s.video_id == video_id(SAME)]
    assert "a number will stand behind it" in number


async def test_names_that_are_so_already_are_kept(idle: AsyncEngine) -> None:
    query = WhatIf(template="{Artist Name}/{Artist Name} - {Video Title}", kept=True)
    found = await ask(idle, query)
    assert {s.outcome for s in found.items} == {"kept"}
    assert len(found.items) == 3


async def test_a_template_that_leaves_the_library_is_refused(idle: AsyncEngine) -> None:
    with pytest.raises(Invalid) as refused:
        await ask(idle, WhatIf(template="../{Video Title}"))
    assert refused.value.code == "bad_template"


async def test_a_profile_says_what_it_would_upgrade_and_why(idle: AsyncEngine) -> None:
    found = await ask(idle, WhatIf(profile=ANY, filter="title = Other"))
    [one] = found.items
    assert one.outcome == "upgraded"
    assert "1080p or 1440p or 2160p was not asked for so far" in one.reason


async def test_a_profile_says_what_it_would_refuse(idle: AsyncEngine) -> None:
    small = ANY.model_copy(update={"max_bytes": 10, "upgrade_allowed": False})
    found = await ask(idle, WhatIf(profile=small, limit=2))
    assert {s.outcome for s in found.items} == {"refused"}
    assert found.next is not None
