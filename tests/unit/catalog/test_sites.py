"""A site that wants us to wait is left alone by all jobs, and not only by the one that was told."""

from datetime import timedelta

import pytest

from mvidarr_catalog.jobs.sites import BAN_PAUSE, PAUSES, REFUSALS, Site
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    Download,
    Downloaded,
    JobAdded,
    JobCompleted,
    JobFailed,
    Noop,
)
from mvidarr_common.messages.profiles import QualityProfile

SITE = "videos.example"
SPEC = Download(url=f"https://{SITE}/1", profile=QualityProfile(name="all"))
FILE = Downloaded(path="x", size=1, sha256="0", page_url="x", extractor="x", source_id="x",
                  format="x")  # fmt: skip


def added(nth: int, site: str | None = SITE) -> JobAdded:
    return JobAdded(job_id=JobId(f"job-{nth}"), spec=SPEC if site else Noop(), site=site)


def failed(nth: int, code: str, after: float | None = None) -> JobFailed:
    return JobFailed(
        job_id=JobId(f"job-{nth}"), attempt=1, code=code, message="No.", retryable=True, after=after
    )


def completed(nth: int) -> JobCompleted:
    job = JobId(f"job-{nth}")
    return JobCompleted(job_id=job, attempt=1, worker_id=WorkerId("w"), result=FILE, seconds=1)


def pause(story: Story) -> float | None:
    """Seconds for which the site is left alone, about (a story's clock ticks with each message)."""
    until = story.row(Site, SITE).paused_until
    return (until - BEGINNING) // timedelta(seconds=30) * 30 if until else None


@pytest.mark.parametrize(("code", "seconds"), PAUSES.items())
def test_a_site_that_asks_for_a_pause_gets_it(code: str, seconds: float) -> None:
    assert pause(Story().given(added(1), failed(1, code))) == seconds


def test_the_pause_that_a_site_names_is_kept_and_a_shorter_one_does_not_end_it() -> None:
    story = Story().given(added(1), added(2), failed(1, "rate_limited", 1200))
    assert pause(story.given(failed(2, "rate_limited", 60))) == 1200
    assert story.row(Site, SITE).reason == "No."


def test_single_refusals_are_about_videos_and_many_in_a_row_are_a_ban() -> None:
    story = Story().given(*(added(n) for n in range(9)))
    story.given(*(failed(n, "forbidden") for n in range(REFUSALS - 1)))
    assert pause(story) is None
    assert pause(story.given(failed(7, "forbidden"))) == BAN_PAUSE
    assert pause(story.given(failed(8, "forbidden"))) == 2 * BAN_PAUSE


def test_a_success_in_between_says_that_it_is_no_ban() -> None:
    story = Story().given(*(added(n) for n in range(9)))
    story.given(*(failed(n, "forbidden") for n in range(REFUSALS - 1)), completed(8))
    assert pause(story.given(failed(7, "forbidden"))) is None


def test_other_failures_and_jobs_without_a_site_pause_nothing() -> None:
    story = Story().given(added(1), added(2, None), failed(1, "gone"), failed(2, "rate_limited"))
    assert story.rows(Site) == []
