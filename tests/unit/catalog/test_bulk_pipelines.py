"""A pipeline over many videos: one progress, one cancel."""

from tests.unit.catalog.libraries import library, refusal
from tests.unit.catalog.workers import going, work

from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.pipelines.bulk import Bulk
from mvidarr_catalog.testing import Story
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import VideoId
from mvidarr_common.messages.pipelines import (
    BulkFinished,
    BulkWent,
    CancelBulk,
    RunPipelineOver,
)

URLS = tuple(f"https://videos.example/{n}" for n in range(5))


def bulk(story: Story) -> Bulk:
    story.live(RunPipelineOver(name="smaller", filter="state = ready"))
    [row] = story.rows(Bulk)
    return row


def went(story: Story, row: Bulk, *, rest: int = 0) -> list[Message]:
    """What the leader's chore says when it has looked."""
    ids = tuple(sorted((VideoId(video.id) for video in story.rows(Video)), key=str))
    return story.live(BulkWent(bulk_id=row.id, videos=ids, rest=rest))


def test_a_bulk_runs_over_all_and_counts_how_they_end() -> None:
    story = library(*URLS)
    row = bulk(story)
    went(story, row)
    assert len(story.row(Bulk, row.id).running) == 5
    first = going(story)[0].pipeline_id
    work(story, fails=lambda job: job.pipeline_id == first and job.step in ("small", "plain"))
    now = story.row(Bulk, row.id)
    assert (now.completed, now.failed, now.running) == (4, 1, ())
    story.live(BulkFinished(bulk_id=row.id, completed=4, failed=1, cancelled=0))
    assert story.row(Bulk, row.id).state == "finished"


def test_one_cancel_ends_a_bulk_with_all_its_runs() -> None:
    story = library(*URLS)
    row = bulk(story)
    went(story, row, rest=7)
    story.live(CancelBulk(bulk_id=row.id))
    now = story.row(Bulk, row.id)
    assert (now.state, now.cancelled, now.running) == ("cancelled", 5, ())
    assert not [job for job in going(story) if job.kind == "transcode"]
    assert went(story, row) == []


def test_a_bulk_with_a_bad_filter_is_refused_at_once() -> None:
    story = library()
    assert refusal(story, RunPipelineOver(name="smaller", filter="colour = red")) == "bad_filter"
