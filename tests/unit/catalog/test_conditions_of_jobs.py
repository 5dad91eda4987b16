"""What holds for a job before and after it runs: dependencies, deadlines, retries, quotas."""

from datetime import datetime, timedelta

import pytest

from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.jobs.lanes import open_jobs
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.messages import Message
from mvidarr_common.messages.dispatch import (
    ChangeQuota,
    ChangeRetryPolicy,
    QuotaChanged,
    QuotaRules,
    RetryPolicy,
    RetryPolicyChanged,
)
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    CancelJob,
    EnqueueJob,
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobQueued,
    JobRescheduled,
    Noop,
    NothingDone,
    RetryJob,
    StopJob,
)
from mvidarr_common.messages.steering import JobOverdue
from mvidarr_common.messages.system import CommandRejected

W = WorkerId("w")


def added(id: str, *after: str) -> JobAdded:
    """A job that waits for others."""
    return JobAdded(job_id=JobId(id), spec=Noop(), after=tuple(JobId(each) for each in after))


def done(id: str) -> JobCompleted:
    return JobCompleted(job_id=JobId(id), attempt=1, worker_id=W, result=NothingDone(), seconds=1)


def failed(id: str, code: str = "c", *, retryable: bool = True, attempt: int = 1) -> JobFailed:
    return JobFailed(job_id=JobId(id), attempt=attempt, code=code, message="m", retryable=retryable)


def refusal(said: list[Message]) -> str:
    [refused] = said
    assert isinstance(refused, CommandRejected)
    return refused.code


def test_a_job_waits_for_those_before_it() -> None:
    story = Story().given(added("a"), added("b"))
    [dependent] = story.live(EnqueueJob(spec=Noop(), after=(JobId("a"), JobId("b"))))
    assert isinstance(dependent, JobAdded)

    def due() -> datetime | None:
        return story.row(Job, dependent.job_id).due

    assert due() is None
    story.live(done("a"))
    assert due() is None
    story.live(done("b"))
    assert due() is not None


@pytest.mark.parametrize("end", [JobCancelled(job_id=JobId("a")), failed("a", retryable=False)])
def test_what_waited_for_a_job_that_failed_has_failed(end: Message) -> None:
    story = Story().given(added("a"), added("b", "a"), added("c", "b"))
    story.live(end)
    for id in "bc":
        job = story.row(Job, id)
        assert (job.state, job.failure and job.failure.code) == ("failed", "dependency_failed")
    assert refusal(story.live(RetryJob(job_id=JobId("b")))) == "dependency_failed"


def test_an_end_between_asking_and_adding_is_not_overlooked() -> None:
    story = Story().given(added("a"), JobCancelled(job_id=JobId("a")))
    [end] = story.live(added("b", "a"))
    assert isinstance(end, JobGivenUp)
    story = Story().given(added("a"), done("a"))
    assert story.live(added("b", "a")) == []
    assert story.row(Job, "b").due is not None


@pytest.mark.parametrize(("name", "code"), [("none", "job_not_found"), ("a", "dependency_failed")])
def test_nobody_waits_for_what_will_not_come(name: str, code: str) -> None:
    story = Story().given(added("a"), JobCancelled(job_id=JobId("a")))
    assert refusal(story.live(EnqueueJob(spec=Noop(), after=(JobId(name),)))) == code


def test_a_deadline_ends_what_has_not_ended() -> None:
    story = Story()
    deadline = BEGINNING + timedelta(hours=1)
    [job] = story.live(EnqueueJob(spec=Noop(), deadline=deadline))
    assert isinstance(job, JobAdded)
    [timer] = story.timers
    assert (timer.due, timer.envelope.message) == (deadline, JobOverdue(job_id=job.job_id))
    said = story.live(timer.envelope.message)
    assert [type(each) for each in said] == [JobGivenUp, StopJob]
    assert story.live(JobOverdue(job_id=job.job_id)) == []
    late = EnqueueJob(spec=Noop(), deadline=BEGINNING)
    assert refusal(story.live(late)) == "deadline_passed"


def test_no_attempt_is_planned_after_the_deadline() -> None:
    deadline = BEGINNING + timedelta(seconds=4)
    story = Story().given(
        JobAdded(job_id=JobId("a"), spec=Noop(), deadline=deadline),
        JobQueued(job_id=JobId("a"), attempt=1, spec=Noop()),
    )
    [end] = story.live(failed("a").model_copy(update={"after": 60.0}))
    assert isinstance(end, JobGivenUp)


def test_a_policy_says_how_often_and_for_which_codes() -> None:
    policy = RetryPolicy(attempts=2, never=("hopeless",), also=("odd",), jitter=0)
    story = Story().given(added("a"), added("b"))
    assert story.live(ChangeRetryPolicy(kind_of_job="noop", policy=policy)) == [
        RetryPolicyChanged(kind_of_job="noop", policy=policy)
    ]
    [again] = story.live(failed("a", "odd", retryable=False))
    assert isinstance(again, JobRescheduled)
    for hopeless in (failed("a", "odd", attempt=2), failed("b", "hopeless")):
        [end] = story.live(hopeless)
        assert isinstance(end, JobGivenUp)
    unknown = ChangeRetryPolicy(kind_of_job="dance", policy=policy)
    assert refusal(story.live(unknown)) == "kind_not_found"


def test_pauses_of_many_jobs_do_not_end_at_one_moment() -> None:
    story = Story().given(*(added(f"j{n}") for n in range(20)))
    pauses = []
    for n in range(20):
        word = story.envelope(failed(f"j{n}"))
        [again] = story.hear(word)
        assert isinstance(again, JobRescheduled)
        pauses.append((again.due - word.time).total_seconds())
    assert len(set(pauses)) > 15
    assert all(1.8 <= pause <= 2.2 for pause in pauses)


def test_a_retry_that_is_asked_for_has_all_its_attempts_again() -> None:
    story = Story().given(added("a"))
    story.live(failed("a", retryable=False), RetryJob(job_id=JobId("a")))
    job = story.row(Job, "a")
    assert (job.attempt, job.spent) == (2, 0)


def test_a_quota_limits_what_somebody_has_open() -> None:
    story = Story().by("user/a")
    rules = QuotaRules(open=2)
    assert story.live(ChangeQuota(requester="user/a", rules=rules)) == [
        QuotaChanged(requester="user/a", rules=rules)
    ]
    [first] = story.live(EnqueueJob(spec=Noop()))
    assert isinstance(first, JobAdded)
    story.live(EnqueueJob(spec=Noop()))
    assert refusal(story.live(EnqueueJob(spec=Noop()))) == "quota_exceeded"
    story.live(CancelJob(job_id=first.job_id))
    [more] = story.live(EnqueueJob(spec=Noop()))
    assert isinstance(more, JobAdded)
    story.by("user/b")
    for _ in range(3):
        [other] = story.live(EnqueueJob(spec=Noop()))
        assert isinstance(other, JobAdded)


def test_a_job_counts_once_however_often_its_facts_come() -> None:
    story = Story().by("user/a").given(added("a"), done("a"), done("a"), added("b"))
    story.given(failed("b"), JobCancelled(job_id=JobId("b")), JobCancelled(job_id=JobId("b")))
    assert open_jobs(story.known, "user/a") == 0
    story.given(added("c"))
    story.live(failed("c", retryable=False))
    assert open_jobs(story.known, "user/a") == 0
    story.live(RetryJob(job_id=JobId("c")))
    assert open_jobs(story.known, "user/a") == 1
