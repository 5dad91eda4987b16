"""The life of a job, whatever order its facts come in and however often they are told."""

from itertools import permutations

import pytest

from mvidarr_catalog.jobs.job_queries import view
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.jobs.retries import DEFAULT, MOST_STARTS, next_due
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.testing import BEGINNING, Story
from mvidarr_common.envelope import fresh
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    CancelJob,
    Downloaded,
    EnqueueJob,
    JobAdded,
    JobCancelled,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobHandedBack,
    JobQueued,
    JobRescheduled,
    JobStarted,
    Noop,
    NothingDone,
    RetryJob,
    StopJob,
    Tidy,
)
from mvidarr_common.messages.system import CommandRejected

JOB = JobId("job-1")
W1, W2 = WorkerId("w1"), WorkerId("w2")
ADDED = JobAdded(job_id=JOB, spec=Noop())


def queued(attempt: int = 1) -> JobQueued:
    return JobQueued(job_id=JOB, attempt=attempt, spec=Noop())


def started(attempt: int = 1, worker: WorkerId = W1) -> JobStarted:
    return JobStarted(job_id=JOB, attempt=attempt, worker_id=worker, delivery=f"d-{worker}")


def completed(attempt: int = 1, worker: WorkerId = W1) -> JobCompleted:
    return JobCompleted(
        job_id=JOB, attempt=attempt, worker_id=worker, result=NothingDone(), seconds=1.0
    )


def failed(attempt: int = 1, *, retryable: bool = True) -> JobFailed:
    return JobFailed(
        job_id=JOB, attempt=attempt, code="network", message="It broke.", retryable=retryable
    )


def state(story: Story) -> str:
    return story.row(Job, JOB).state


def test_a_job_that_is_enqueued_waits() -> None:
    story = Story()
    [added] = story.live(EnqueueJob(spec=Noop(payload="x"), priority=7))
    assert isinstance(added, JobAdded)
    job = story.row(Job, added.job_id)
    assert (job.state, job.priority, job.queue, job.attempt) == ("waiting", 7, "noop", 1)


@pytest.mark.parametrize("order", list(permutations([queued(), started(), completed()])))
def test_facts_of_one_attempt_give_the_same_end_in_any_order(order: tuple[Message, ...]) -> None:
    story = Story().given(ADDED, *order, *order)
    assert state(story) == "completed"


def test_a_start_may_stand_before_its_release() -> None:
    story = Story().given(ADDED, started(), queued())
    assert state(story) == "running"


def test_the_first_end_wins() -> None:
    story = Story().given(ADDED, queued(), started())
    story.live(CancelJob(job_id=JOB))
    assert state(story) == "cancelled"
    assert story.live(completed()) == []
    assert story.live(failed()) == []
    assert state(story) == "cancelled"


def test_a_late_success_of_an_older_attempt_counts_and_stops_the_newer_one() -> None:
    story = Story().given(ADDED, queued(), started())
    story.live(failed())
    story.given(queued(2), started(2, W2))
    assert story.live(completed(1)) == [StopJob(job_id=JOB, attempt=2)]
    assert state(story) == "completed"


@pytest.mark.parametrize("end", [completed(), JobCancelled(job_id=JOB)])
def test_an_end_that_came_before_the_next_attempt_was_known_stays(end: Message) -> None:
    again = JobRescheduled(job_id=JOB, attempt=2, due=BEGINNING, reason="broke")
    story = Story().given(ADDED, queued(), started(), failed(), end, again, queued(2))
    assert state(story) == ("completed" if isinstance(end, JobCompleted) else "cancelled")


def test_a_worker_that_starts_what_has_ended_is_stopped() -> None:
    story = Story().given(ADDED, queued(), started(), completed())
    assert story.when(started(1, W2)) == [StopJob(job_id=JOB, attempt=1)]


def test_pauses_grow_and_keep_what_the_failure_asks_for() -> None:
    dues = [
        next_due(DEFAULT, failed(n), n, BEGINNING, "id") for n in range(1, DEFAULT.attempts + 1)
    ]
    pauses = [(due - BEGINNING).total_seconds() for due in dues if due]
    assert pauses == sorted(pauses)
    assert len(pauses) == DEFAULT.attempts - 1
    asked = failed().model_copy(update={"after": DEFAULT.longest_pause * 2})
    due = next_due(DEFAULT, asked, 1, BEGINNING, "id")
    assert due is not None
    assert (due - BEGINNING).total_seconds() == DEFAULT.longest_pause * 2


def test_a_failure_for_good_is_given_up_at_once() -> None:
    story = Story().given(ADDED, queued(), started())
    [end] = story.live(failed(retryable=False))
    assert end == JobGivenUp(job_id=JOB, code="network", message="It broke.")
    assert state(story) == "failed"


def test_attempts_are_counted_and_end() -> None:
    story = Story().given(ADDED)
    for attempt in range(1, DEFAULT.attempts):
        [again] = story.live(started(attempt), failed(attempt))
        assert isinstance(again, JobRescheduled)
        assert again.attempt == attempt + 1
    [end] = story.live(started(DEFAULT.attempts), failed(DEFAULT.attempts))
    assert isinstance(end, JobGivenUp)


def test_a_failed_job_is_tried_again_when_somebody_asks() -> None:
    story = Story().given(ADDED, queued(), started())
    story.live(failed(retryable=False))
    story.live(RetryJob(job_id=JOB))
    job = story.row(Job, JOB)
    assert (job.state, job.attempt) == ("waiting", 2)


def test_a_job_that_ends_its_workers_again_and_again_is_given_up() -> None:
    story = Story().given(ADDED, queued())
    said = [story.live(started(1, WorkerId(f"w{n}"))) for n in range(MOST_STARTS)]
    assert said[:-1] == [[]] * (MOST_STARTS - 1)
    assert [type(each) for each in said[-1]] == [JobFailed, StopJob, JobGivenUp]
    assert story.row(Job, JOB).failure is not None
    assert state(story) == "failed"


def test_handing_back_costs_no_start() -> None:
    story = Story().given(ADDED, queued())
    for n in range(MOST_STARTS * 2):
        worker = WorkerId(f"w{n}")
        back = JobHandedBack(job_id=JOB, attempt=1, worker_id=worker, delivery=f"d-{worker}")
        assert story.live(started(1, worker), back) == []
    assert state(story) == "queued"


def test_a_cancelled_job_is_told_to_its_worker() -> None:
    story = Story().given(ADDED, queued(), started())
    assert story.live(CancelJob(job_id=JOB)) == [
        JobCancelled(job_id=JOB),
        StopJob(job_id=JOB, attempt=1),
    ]
    [refused] = story.live(CancelJob(job_id=JOB))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "job_has_ended"


def test_work_that_moves_files_is_not_stopped_half_way() -> None:
    story = Story().given(JobAdded(job_id=JOB, spec=Tidy(jobs=())))
    [refused] = story.live(CancelJob(job_id=JOB))
    assert isinstance(refused, CommandRejected)
    assert refused.code == "not_cancellable"


def test_spec_and_result_are_shown_in_the_spelling_of_all_json() -> None:
    fetched = Downloaded(
        path="staging/a", size=1, sha256="0", page_url="https://a.example/b", extractor="generic",
        source_id="b", format="mp4", resumed_from=7,
    )  # fmt: skip
    done = JobCompleted(job_id=JOB, attempt=1, worker_id=W1, result=fetched, seconds=1.0)
    shown = view(Story().given(ADDED, queued(), started(), done).row(Job, JOB))
    assert shown.spec == {"kind": "noop", "payload": ""}
    assert shown.result is not None
    assert (shown.result["pageUrl"], shown.result["resumedFrom"]) == (fetched.page_url, 7)


def test_what_a_job_that_is_asked_for_will_be_is_known_ahead() -> None:
    asked = fresh(EnqueueJob(spec=Noop()), source="test")
    keys = set(whole_brain().aheads[EnqueueJob](asked.message, asked))
    [added, *_] = Story().pass_on(asked)
    assert isinstance(added, JobAdded)
    assert keys == {(Job, added.job_id)}
