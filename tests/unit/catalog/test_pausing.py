"""A job that is paused runs nowhere until it is resumed, wherever it was."""

import pytest

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.testing import Story
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    CancelJob,
    JobAdded,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobQueued,
    JobRescheduled,
    JobStarted,
    Noop,
    NothingDone,
    StopJob,
)
from mvidarr_common.messages.steering import JobPaused, PauseJob, ResumeJob
from mvidarr_common.messages.system import CommandRejected, CommandUnchanged

JOB, W = JobId("job-1"), WorkerId("w")
ADDED = JobAdded(job_id=JOB, spec=Noop())
QUEUED = JobQueued(job_id=JOB, attempt=1, spec=Noop())
STARTED = JobStarted(job_id=JOB, attempt=1, worker_id=W, delivery="d")
PAUSED = JobPaused(job_id=JOB, attempt=1)
ENDED_HERE = JobPaused(job_id=JOB, attempt=1, worker_id=W, delivery="d")
STOP = StopJob(job_id=JOB, attempt=1, reason="pause")
DONE = JobCompleted(job_id=JOB, attempt=1, worker_id=W, result=NothingDone(), seconds=1)


def failure(*, retryable: bool) -> JobFailed:
    return JobFailed(job_id=JOB, attempt=1, code="c", message="m", retryable=retryable)


def job(story: Story) -> Job:
    return story.row(Job, JOB)


@pytest.mark.parametrize("lived", [(), (QUEUED,), (QUEUED, STARTED)])
def test_it_pauses_wherever_it_is_and_its_worker_is_told(lived: tuple[Message, ...]) -> None:
    story = Story().given(ADDED, *lived)
    assert story.live(PauseJob(job_id=JOB)) == [PAUSED, STOP]
    assert job(story).state == "paused"
    [again] = story.live(PauseJob(job_id=JOB))
    assert isinstance(again, CommandUnchanged)


def test_a_worker_that_gets_it_all_the_same_is_told_again() -> None:
    story = Story().given(ADDED, QUEUED, PAUSED)
    assert story.when(STARTED) == [STOP]
    assert story.live(ENDED_HERE) == []
    assert (job(story).state, job(story).worker_id) == ("paused", None)


def test_resuming_costs_no_attempt_and_an_old_word_of_the_pause_changes_nothing() -> None:
    story = Story().given(ADDED, QUEUED, STARTED, PAUSED)
    [again] = story.live(ResumeJob(job_id=JOB))
    assert isinstance(again, JobRescheduled)
    assert (again.attempt, again.spent) == (2, 0)
    story.given(ENDED_HERE)
    assert (job(story).state, job(story).spent) == ("waiting", 0)


def test_a_pause_within_a_retry_keeps_what_is_spent() -> None:
    story = Story().given(ADDED, QUEUED, STARTED)
    story.live(failure(retryable=True), PauseJob(job_id=JOB), ResumeJob(job_id=JOB))
    assert (job(story).attempt, job(story).spent, job(story).state) == (3, 1, "waiting")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        (DONE, "completed"),
        (failure(retryable=True), "paused"),
        (failure(retryable=False), "failed"),
    ],
)
def test_a_worker_may_be_at_its_end_before_it_hears(word: Message, state: str) -> None:
    story = Story().given(ADDED, QUEUED, STARTED, PAUSED)
    said = story.live(word)
    assert job(story).state == state
    assert [type(each) for each in said] == ([JobGivenUp] if state == "failed" else [])


def test_a_paused_job_can_be_cancelled() -> None:
    story = Story().given(ADDED, PAUSED)
    story.live(CancelJob(job_id=JOB))
    assert job(story).state == "cancelled"


@pytest.mark.parametrize(
    ("lived", "command", "code"),
    [
        ((DONE,), PauseJob(job_id=JOB), "job_has_ended"),
        ((), ResumeJob(job_id=JOB), "job_is_not_paused"),
        ((), PauseJob(job_id=JobId("none")), "job_not_found"),
    ],
)
def test_what_makes_no_sense_is_refused(
    lived: tuple[Message, ...], command: Message, code: str
) -> None:
    [refused] = Story().given(ADDED, *lived).live(command)
    assert isinstance(refused, CommandRejected)
    assert refused.code == code
