"""A log in which everybody has a say, and the mind of the leader that reads it."""

from datetime import timedelta

from mvidarr_catalog.brain.mind import Mind, Timer
from mvidarr_catalog.brain.rows import R, Row
from mvidarr_catalog.brain.state import Key
from mvidarr_catalog.jobs.jobs import ENDED, Job
from mvidarr_catalog.library.videos import Video
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.testing import BEGINNING
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import derive
from mvidarr_common.messages.jobs import JobQueued, JobRescheduled
from mvidarr_common.messages.library import (
    VideoDeleted,
    VideoIgnored,
    VideoRestored,
    VideoWanted,
)

BRAIN = whole_brain()
_UNWANTED = ("ignored", "deleted")
_WISHES = (VideoWanted, VideoIgnored, VideoDeleted, VideoRestored)


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
        before = self.tables()
        self.mind.fold(envelope)
        self._check_ends(before, envelope)
        self._check_wishes(before, envelope)
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

    def _check_ends(self, before: dict[Key, Row], envelope: Envelope) -> None:
        for job in self.rows(Job):
            was = before.get((Job, job.id))
            if not isinstance(was, Job) or was.state not in ENDED:
                continue
            asked_again = was.state == "failed" and isinstance(envelope.message, JobRescheduled)
            assert job.state == was.state or asked_again, f"{was.state} became {job.state}"
            assert job.attempt >= was.attempt

    def _check_wishes(self, before: dict[Key, Row], envelope: Envelope) -> None:
        """What people do not want stays so until they say something else."""
        for video in self.rows(Video):
            was = before.get((Video, video.id))
            if isinstance(was, Video) and was.state in _UNWANTED and was.state != video.state:
                assert isinstance(envelope.message, _WISHES), f"{was.state} became {video.state}"


def fresh_mind(tables: dict[Key, Row], in_flight: dict[str, Envelope]) -> Mind:
    """As a leader takes over: the tables and the outbox are all that there is."""
    mind = Mind(BRAIN)
    mind.remember(in_flight)
    mind.state.learn(dict(tables), complete=BRAIN.rows)
    return mind
