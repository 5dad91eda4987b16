"""Whatever is asked, and however late, often and out of order the workers' words come: the rules
of jobs, videos, runs and files hold.

The same few examples each time; CHAOS_EXAMPLES=1000 tries so many others, CHAOS_SEED repeats them.
"""

import os
from collections.abc import Iterator, Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.unit.catalog.findings import result_of
from tests.unit.catalog.log_and_leader import Log, fresh_mind

from mvidarr_catalog.brain.mind import by_the_clock
from mvidarr_catalog.jobs.jobs import ENDED, UNSTOPPABLE, Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.testing import BEGINNING
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Command, Message
from mvidarr_common.messages.ids import JobId, WorkerId, derive
from mvidarr_common.messages.jobs import (
    CancelJob,
    EnqueueJob,
    JobCompleted,
    JobFailed,
    JobHandedBack,
    JobQueued,
    JobRescheduled,
    JobStarted,
    Noop,
    RetryJob,
)
from mvidarr_common.messages.library import (
    AcquireVideo,
    AddVideo,
    DeleteVideo,
    Description,
    EditVideo,
    IgnoreVideo,
    RestoreVideo,
)
from mvidarr_common.messages.profiles import DEFAULT_PROFILE, QualityProfile, SaveProfile
from mvidarr_common.messages.steering import JobPaused, PauseJob, ResumeJob
from mvidarr_common.messages.system import LogStarted

T = TypeVar("T")
FEW = 40
ENDS = ("done", "done", "broken", "hopeless", "back", "paused", "")
URLS = tuple(f"https://videos.example/{n}" for n in range(2))
VIDEOS = st.sampled_from([video_id(url) for url in URLS])
ABOUT_VIDEOS: st.SearchStrategy[Command] = st.one_of(
    st.builds(AddVideo, url=st.sampled_from(URLS), known=st.just(Description())),
    st.builds(AcquireVideo, video_id=VIDEOS),
    st.builds(IgnoreVideo, video_id=VIDEOS),
    st.builds(DeleteVideo, video_id=VIDEOS),
    st.builds(RestoreVideo, video_id=VIDEOS),
    st.builds(EditVideo, video_id=VIDEOS, changes=st.just(Description(title="Mine"))),
)


class World(RuleBasedStateMachine):
    """People, workers, the clock and the network, each doing what it may at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Log()

    @initialize(transcode=st.booleans())
    def beginning(self, transcode: bool) -> None:
        self.log.arrive(self.log.envelope(LogStarted(log_id="log")))
        self.quiet()
        if transcode:
            profile = QualityProfile(name="Web", transcode="web_optimized")
            self.ask(SaveProfile(profile_id=DEFAULT_PROFILE, profile=profile))

    @rule(command=ABOUT_VIDEOS)
    def ask_about_a_video(self, command: Command) -> None:
        self.ask(command)

    @rule()
    def enqueue(self) -> None:
        self.ask(EnqueueJob(spec=Noop()))

    @precondition(lambda self: self.log.rows(Job))
    @rule(data=st.data(), what=st.sampled_from((CancelJob, RetryJob, PauseJob, ResumeJob)))
    def change_job(self, data: st.DataObject, what: type[CancelJob]) -> None:
        self.ask(what(job_id=JobId(self.pick(data, self.log.rows(Job)).id)))

    def ask(self, command: Message) -> None:
        """It stands in the log at once: what is late is late from here on."""
        self.log.arrive(self.log.envelope(command))

    @precondition(lambda self: self.log.outbox)
    @rule(data=st.data())
    def a_decision_comes_back(self, data: st.DataObject) -> None:
        """The oldest of any subject: in between, other subjects may overtake."""
        subjects = {each.subject: each for each in reversed(self.log.outbox)}
        envelope = self.pick(data, list(subjects.values()))
        self.log.outbox.remove(envelope)
        self.log.arrive(envelope)

    @precondition(lambda self: self.log.words)
    @rule(data=st.data())
    def a_word_comes(self, data: st.DataObject) -> None:
        word = self.pick(data, self.log.words)
        self.log.words.remove(word)
        self.log.arrive(word)

    @precondition(lambda self: self.log.records)
    @rule(data=st.data())
    def a_record_comes_again(self, data: st.DataObject) -> None:
        before, waiting = self.log.tables(), len(self.log.outbox)
        self.log.arrive(self.pick(data, self.log.records))
        assert (self.log.tables(), len(self.log.outbox)) == (before, waiting)

    @rule()
    def release(self) -> None:
        """The dispatcher looks at the tables, and knows what it has in flight."""
        for job in self.log.rows(Job):
            if job.state == "waiting" and job.due is not None:
                id = derive(job.id, "job.queued", job.attempt)
                queued = JobQueued(job_id=JobId(job.id), attempt=job.attempt, spec=job.spec)
                self.log.say(Envelope(queued, id, "catalog", BEGINNING, correlation_id=id))

    @precondition(lambda self: any(job.state == "running" for job in self.log.rows(Job)))
    @rule(data=st.data())
    def nobody_claims(self, data: st.DataObject) -> None:
        """The reaper looks at the tables."""
        job = self.pick(data, [job for job in self.log.rows(Job) if job.state == "running"])
        again = JobRescheduled(
            job_id=JobId(job.id), attempt=job.attempt + 1, due=BEGINNING, reason="unclaimed"
        )
        self.log.say(by_the_clock(again, key=f"{job.id}/{job.attempt}"))

    @precondition(lambda self: self.log.released)
    @rule(
        data=st.data(),
        end=st.sampled_from(("done", "done", "broken", "hopeless", "back", "paused", "")),
    )
    def work(self, data: st.DataObject, end: str) -> None:
        """One delivery of a job; without an end the worker is killed."""
        self.log.words += self.delivery(self.pick(data, self.log.released), end)

    def delivery(self, queued: JobQueued, end: str) -> Iterator[Envelope]:
        """The words of one delivery."""
        id, attempt, nonce = queued.job_id, queued.attempt, f"d{len(self.log.words)}"
        worker = WorkerId("w")
        job = self.log.row(Job, id)
        start = JobStarted(job_id=id, attempt=attempt, worker_id=worker, delivery=nonce)
        yield self.log.envelope(start)
        if job is None or not end:
            return
        if end == "back":
            back = JobHandedBack(job_id=id, attempt=attempt, worker_id=worker, delivery=nonce)
            yield self.log.envelope(back)
        elif end == "paused":
            paused = JobPaused(job_id=id, attempt=attempt, worker_id=worker, delivery=nonce)
            yield self.log.envelope(paused)
        elif end == "done":
            done = JobCompleted(
                job_id=id, attempt=attempt, worker_id=worker, result=result_of(job), seconds=1
            )
            yield self.log.envelope(done)
        else:
            failed = JobFailed(
                job_id=id, attempt=attempt, code="c", message="m", retryable=end == "broken"
            )
            yield self.log.envelope(failed)

    @precondition(lambda self: self.log.timers)
    @rule()
    def time_passes(self) -> None:
        for timer in self.log.timers:
            self.log.arrive(timer.envelope)
        self.log.timers.clear()

    @rule()
    def another_leads(self) -> None:
        """The outbox is kept in the order of its rows."""
        log = self.log
        log.mind = fresh_mind(log.tables(), {each.id: each for each in log.outbox})

    @rule()
    def quiet(self) -> None:
        """Everything that was said has come."""
        while self.log.outbox or self.log.words:
            for waiting in (self.log.outbox, self.log.words):
                if waiting:
                    self.log.arrive(waiting.pop(0))
        self.check_tables()
        self.check_runs()
        self.check_videos()

    def teardown(self) -> None:
        """Nothing else is asked, and the workers do what is left: then all has ended."""
        self.quiet()
        while self.log.active():
            before = len(self.log.records)
            self.release()
            self.quiet()
            for job in self.log.active():
                queued = JobQueued(job_id=JobId(job.id), attempt=job.attempt, spec=job.spec)
                self.log.words += self.delivery(queued, "done")
            self.quiet()
            assert len(self.log.records) > before, f"stuck: {self.log.active()}"
        self.check_end()

    def check_tables(self) -> None:
        """What is expected is what has come, folding again gives the same, all are answered."""
        log, tables = self.log, self.log.tables()
        log.mind._refresh()
        assert log.mind.in_flight == {}
        assert {key: log.mind._overlay.get(*key) for key in tables} == tables
        again = fresh_mind({}, {})
        for record in log.records:
            again.fold(record)
        assert {k: v for k, v in again.state.everything() if v is not None} == tables
        asked = {each.id for each in log.records if isinstance(each.message, Command)}
        assert asked <= log.answered

    def check_runs(self) -> None:
        for run in self.log.rows(Run):
            jobs = [self.log.row(Job, id) for id in run.jobs.values()]
            going = [job for job in jobs if job and job.state not in ENDED]
            if run.state == "running":
                assert going, f"nothing goes on in {run}"
            else:
                assert {job.kind for job in going} <= UNSTOPPABLE

    def check_videos(self) -> None:
        for video in self.log.rows(Video):
            run = self.log.row(Run, video.pipeline_id) if video.pipeline_id else None
            going = run is not None and run.state == "running"
            assert going == (video.state == "acquiring"), (video, run)
            assert all(self.log.row(File, id) for id in video.files)
            if video.state == "ready":
                assert video.files
        for file in self.log.rows(File):
            owner = self.log.row(Video, file.video_id)
            assert owner is None or file.id in owner.files

    def check_end(self) -> None:
        """No work is left: every file lies where its video's state says."""
        for file in self.log.rows(File):
            video = self.log.row(Video, file.video_id)
            gone = video is None or video.state == "deleted"
            assert file.state == ("trashed" if gone else "present"), (file.state, video)
        assert {run.state for run in self.log.rows(Run)} <= {"completed", "failed", "cancelled"}

    def pick(self, data: st.DataObject, among: Sequence[T]) -> T:
        """One of them."""
        return among[data.draw(st.integers(0, len(among) - 1))]


@pytest.mark.parametrize("what", [DeleteVideo, IgnoreVideo])
def test_a_beginning_that_comes_late_does_not_bring_back_an_unwanted_video(
    what: type[DeleteVideo],
) -> None:
    world = World()
    world.log.arrive(world.log.envelope(LogStarted(log_id="log")))
    world.quiet()
    world.ask(AddVideo(url=URLS[0]))
    world.log.arrive(world.log.outbox.pop(0))
    world.ask(what(video_id=video_id(URLS[0])))
    world.log.outbox.reverse()
    world.teardown()
    [video] = world.log.rows(Video)
    assert video.state in ("deleted", "ignored")


def test_the_rules_hold_whatever_happens() -> None:
    examples, chosen = int(os.environ.get("CHAOS_EXAMPLES", "0")), os.environ.get("CHAOS_SEED", "0")
    run = settings(
        max_examples=examples or FEW, stateful_step_count=60, deadline=None, database=None,
        derandomize=not examples, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    machine = seed(int(chosen))(World) if examples and int(chosen) else World
    run_state_machine_as_test(machine, settings=run)
