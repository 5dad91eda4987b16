"""Whatever is asked, and however late, often and out of order the workers' words come: the rules
of jobs, videos, runs and files hold.

    CHAOS_SEED=5 CHAOS_EXAMPLES=2000 pytest tests/unit/catalog/test_invariants.py
"""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mvidarr_catalog.brain.mind import Mind, Timer, by_the_clock
from mvidarr_catalog.brain.rows import R, Row
from mvidarr_catalog.brain.state import Key
from mvidarr_catalog.jobs.jobs import ENDED, UNSTOPPABLE, Job
from mvidarr_catalog.library.files import File
from mvidarr_catalog.library.naming import video_id
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.pipelines.runs import Run
from mvidarr_catalog.testing import BEGINNING
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.messages import Command, Message
from mvidarr_common.messages.ids import JobId, VideoId, WorkerId, derive
from mvidarr_common.messages.jobs import (
    AnyResult,
    AnySpec,
    Artwork,
    CancelJob,
    Download,
    Downloaded,
    EnqueueJob,
    JobCompleted,
    JobFailed,
    JobHandedBack,
    JobQueued,
    JobRescheduled,
    JobStarted,
    Moved,
    Noop,
    NothingDone,
    Place,
    Placed,
    Purge,
    Purged,
    Restore,
    Restored,
    RetryJob,
    Thumbnails,
    ThumbnailsMade,
    Tidied,
    Tidy,
    Transcode,
    Transcoded,
    Trash,
    Trashed,
    Verified,
    Verify,
)
from mvidarr_common.messages.library import (
    AcquireVideo,
    AddVideo,
    DeleteVideo,
    Description,
    EditVideo,
    IgnoreVideo,
    Rendition,
    RestoreVideo,
)
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE, QualityProfile, SaveProfile
from mvidarr_common.messages.system import LogStarted

T = TypeVar("T")
BRAIN = whole_brain()
FACTS = MediaFacts(container="mp4", duration=10.0, size=1000)
URLS = tuple(f"https://videos.example/{n}" for n in range(3))
VIDEOS = tuple(video_id(url) for url in URLS)


class Log:
    """A leader's mind at a log in which everything else has a say; decisions wait in the outbox
    until the test lets them come back."""

    def __init__(self) -> None:
        self.mind = fresh_mind({}, {})
        self.records: list[Envelope] = []
        self.outbox: list[Envelope] = []
        self.words: list[Envelope] = []
        self.timers: list[Timer] = []
        self.released: list[JobQueued] = []
        self.answered: set[str] = set()
        self._known: set[str] = set()
        self._clock = 0

    def envelope(self, message: Message) -> Envelope:
        """Something new that somebody says."""
        self._clock += 1
        id = derive("story", message.wire, self._clock)
        time = BEGINNING + timedelta(seconds=self._clock)
        return Envelope(message, id, "test", time, correlation_id=id)

    def arrive(self, envelope: Envelope) -> None:
        """One record of the log, as the leader takes it; the second time it is nothing."""
        envelope = decode(envelope.encode())
        if envelope.id in self._known:
            return
        self._known.add(envelope.id)
        self.records.append(envelope)
        before = {job.id: job for job in self.rows(Job)}
        self.mind.fold(envelope)
        self._check_ends(before, envelope)
        decided, again = self.mind.decide(envelope), self.mind.decide(envelope)
        assert [e.id for e in decided.events] == [e.id for e in again.events], "not pure"
        for event in decided.events:
            self.mind.expect(event)
        self.outbox += decided.events
        self.timers += decided.timers
        self.answered.add(envelope.causation_id or "")
        self.released += [envelope.message] if isinstance(envelope.message, JobQueued) else []

    def say(self, envelope: Envelope) -> None:
        """What the leader decides by itself, in a chore."""
        if envelope.id not in self.mind.in_flight and envelope.id not in self._known:
            self.mind.expect(envelope)
            self.outbox.append(envelope)

    def row(self, kind: type[R], id: str) -> R | None:
        """A row of the read model."""
        return self.mind.state.get(kind, id)

    def rows(self, kind: type[R]) -> list[R]:
        """All rows of a kind, in the order of their ids."""
        return [row for row in self.tables().values() if isinstance(row, kind)]

    def tables(self) -> dict[Key, Row]:
        """The whole read model."""
        found = {key: row for key, row in self.mind.state.everything() if row is not None}
        return dict(sorted(found.items(), key=lambda each: (each[0][0].table, each[0][1])))

    def active(self) -> list[Job]:
        """Jobs that have not ended."""
        return [job for job in self.rows(Job) if job.state not in ENDED]

    def _check_ends(self, before: dict[str, Job], envelope: Envelope) -> None:
        for job in self.rows(Job):
            was = before.get(job.id)
            if was is None or was.state not in ENDED:
                continue
            asked_again = was.state == "failed" and isinstance(envelope.message, JobRescheduled)
            assert job.state == was.state or asked_again, f"{was.state} became {job.state}"
            assert job.attempt >= was.attempt


def fresh_mind(tables: dict[Key, Row], in_flight: dict[str, Envelope]) -> Mind:
    """As a leader takes over: the tables and the outbox are all that there is."""
    mind = Mind(BRAIN)
    mind.remember(in_flight)
    mind.state.learn(dict(tables), complete=BRAIN.rows)
    return mind


def result_of(job: Job) -> AnyResult:
    """What a worker finds."""
    return _RESULTS[type(job.spec)](job.spec, f"staging/{job.id}")


def _downloaded(spec: Download, place: str) -> Downloaded:
    return Downloaded(
        path=f"{place}/v.mp4", size=1, sha256="s", found=Description(title="T", artist="A"),
        page_url=spec.url, extractor="e", source_id="1", format="f",
    )  # fmt: skip


def _placed(spec: Place, place: str) -> Placed:
    return Placed(
        renditions=tuple(
            Rendition(path=f"library/{place}/{n}", role=f.role, sha256="s", facts=FACTS)
            for n, f in enumerate(spec.files)
        )
    )


def _moved(spec: Trash | Restore, place: str) -> tuple[Moved, ...]:
    return tuple(Moved(file_id=file.file_id, path=f"{place}/f") for file in spec.files)


_RESULTS: dict[type[AnySpec], Callable[..., AnyResult]] = {
    Noop: lambda spec, place: NothingDone(),
    Download: _downloaded,
    Verify: lambda spec, place: Verified(facts=FACTS, frames=1, sha256="s"),
    Transcode: lambda spec, place: Transcoded(path=f"{place}/t.mp4", sha256="t", facts=FACTS),
    Thumbnails: lambda spec, place: ThumbnailsMade(
        artwork=(Artwork(path=f"{place}/p.jpg", role="poster", width=1, height=1),)
    ),
    Place: _placed,
    Trash: lambda spec, place: Trashed(moved=_moved(spec, place)),
    Restore: lambda spec, place: Restored(moved=_moved(spec, place)),
    Purge: lambda spec, place: Purged(removed=len(spec.files)),
    Tidy: lambda spec, place: Tidied(removed=1),
}


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

    @rule(url=st.sampled_from(URLS))
    def add_video(self, url: str) -> None:
        self.ask(AddVideo(url=url))

    @rule(video=st.sampled_from(VIDEOS), what=st.sampled_from(
        (AcquireVideo, IgnoreVideo, DeleteVideo, RestoreVideo)
    ))  # fmt: skip
    def change_video(self, video: VideoId, what: type[AcquireVideo]) -> None:
        self.ask(what(video_id=video))

    @rule(video=st.sampled_from(VIDEOS), title=st.sampled_from(("One", "Two")))
    def edit_video(self, video: VideoId, title: str) -> None:
        self.ask(EditVideo(video_id=video, changes=Description(title=title)))

    @rule(payload=st.sampled_from(("a", "b")))
    def enqueue(self, payload: str) -> None:
        self.ask(EnqueueJob(spec=Noop(payload=payload)))

    @precondition(lambda self: self.log.rows(Job))
    @rule(data=st.data(), what=st.sampled_from((CancelJob, RetryJob)))
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
    @rule(data=st.data(), end=st.sampled_from(("done", "done", "broken", "hopeless", "back", "")))
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


def test_the_rules_hold_whatever_happens() -> None:
    examples, chosen = int(os.environ.get("CHAOS_EXAMPLES", "60")), os.environ.get("CHAOS_SEED")
    run = settings(
        max_examples=examples, stateful_step_count=60, deadline=None, derandomize=not chosen,
        database=None, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    machine = seed(int(chosen))(World) if chosen else World
    run_state_machine_as_test(machine, settings=run)
