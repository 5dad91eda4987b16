"""A video is added by the address of its page, or by a search for one."""

import pytest

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.jobs.sites import Site
from mvidarr_catalog.testing import Story
from mvidarr_common.messages.dispatch import Pace, PaceChanged, SetPace
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import Download, EnqueueJob, JobAdded
from mvidarr_common.messages.library import AddVideo, VideoAdded
from mvidarr_common.messages.profiles import QualityProfile
from mvidarr_common.messages.system import CommandRejected, LogStarted

ANY = QualityProfile(name="any")


def started() -> Story:
    story = Story()
    story.live(LogStarted(log_id="log"))
    return story


def test_a_search_for_one_is_one_video_however_often_it_is_asked_for() -> None:
    story = started()
    [added, *_] = story.live(AddVideo(url=" ytsearch1:Björk  Jóga "))
    assert isinstance(added, VideoAdded)
    assert added.url == "ytsearch1:Björk Jóga"
    [again] = story.live(AddVideo(url="ytsearch1:Björk Jóga"))
    assert isinstance(again, CommandRejected)
    assert again.code == "video_known"


def test_a_search_for_several_is_refused_and_says_what_to_do() -> None:
    [refused] = started().when(AddVideo(url="ytsearch5:Björk"))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "invalid_search"
    assert "inspect" in refused.message


@pytest.mark.parametrize(
    "url", ["https://youtu.be/1", "https://music.youtube.com/watch?v=1", "ytsearch1:Björk"]
)
def test_all_ways_to_a_service_spend_its_one_budget(url: str) -> None:
    [added] = Story().when(EnqueueJob(spec=Download(url=url, profile=ANY)))
    assert isinstance(added, JobAdded)
    assert added.site == "youtube.com"


def test_jobs_and_limits_of_the_past_count_for_the_service_too() -> None:
    limit = SetPace(site="www.videos.example", rules=Pace(per_minute=5))
    old = PaceChanged(site="m.videos.example", rules=Pace(per_minute=3))
    spec = Download(url="https://m.videos.example/1", profile=ANY)
    story = Story().given(old, JobAdded(job_id=JobId("old"), spec=spec, site="m.videos.example"))
    assert story.row(Job, "old").site == "videos.example"
    assert story.row(Site, "videos.example").rules == old.rules
    assert story.live(limit) == [PaceChanged(site="videos.example", rules=limit.rules)]
