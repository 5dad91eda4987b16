"""What deciders see: the state with our own decisions in flight, whatever comes in between."""

from random import Random

import pytest

from mvidarr_catalog.brain.mind import Mind
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, Overlay
from mvidarr_catalog.jobs.jobs import Job
from mvidarr_catalog.jobs.lanes import Lane, Line, Requester
from mvidarr_catalog.models import whole_brain
from mvidarr_catalog.testing import Story
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, WorkerId
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCompleted,
    JobFailed,
    JobQueued,
    JobStarted,
    Noop,
    NothingDone,
)

WORKER = WorkerId("worker")
JOBS = [JobId(f"job-{n}") for n in range(12)]


def life(id: JobId) -> tuple[list[Message], list[Message]]:
    """What we decide of a job, and what its worker tells."""
    ours: list[Message] = [
        JobAdded(job_id=id, spec=Noop()),
        JobQueued(job_id=id, attempt=1, spec=Noop()),
    ]
    end: Message = JobCompleted(
        job_id=id, attempt=1, worker_id=WORKER, result=NothingDone(), seconds=0
    )
    if id.endswith("3"):
        end = JobFailed(job_id=id, attempt=1, code="c", message="m", retryable=False)
    return ours, [JobStarted(job_id=id, attempt=1, worker_id=WORKER, delivery="d"), end]


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_state_with_everything_in_flight_at_any_time(seed: int) -> None:
    chance, story = Random(seed), Story()
    mind = Mind(whole_brain())
    mind.state.learn({}, complete=mind.brain.rows)
    waiting = [life(id) for id in JOBS]
    for _ in range(200):
        ours, theirs = chance.choice(waiting)
        deed, in_flight = chance.randrange(3), list(mind.in_flight.values())
        if deed == 0 and ours:
            mind.expect(story.envelope(ours.pop(0)))
        elif deed == 1 and in_flight:
            mind.fold(chance.choice(in_flight[:2]))
        elif deed == 2 and theirs:
            mind.fold(story.envelope(theirs.pop(0)))
        assert rows(mind, mind.foresight()) == rows(mind, applied(mind))


def test_what_a_worker_tells_of_one_job_costs_nothing_for_those_in_flight() -> None:
    applications: list[Envelope] = []
    brain = whole_brain()
    brain.folds[JobAdded] += (lambda _, cause, __: applications.append(cause),)
    story, mind = Story(), Mind(brain)
    mind.state.learn({}, complete=brain.rows)
    ours, theirs = life(JOBS[0])
    for message in ours:
        mind.fold(story.envelope(message))
    for id in JOBS[1:]:
        mind.expect(story.envelope(life(id)[0][0]))
    for message in theirs:
        mind.fold(story.envelope(message))
        mind.foresight()
    assert len(applications) == len(JOBS)


def applied(mind: Mind) -> Overlay:
    """The overlay made anew."""
    overlay = Overlay(mind.state)
    for envelope in mind.in_flight.values():
        with overlay.change():
            for fold in mind.brain.folds[type(envelope.message)]:
                fold(envelope.message, envelope, overlay)
    return overlay


def rows(mind: Mind, known: Known) -> list[Row | None]:
    """All that could be seen; no count is as good as none."""
    keys: list[tuple[type[Row], str]] = [(Requester, "user/story")]
    keys += [(Job, id) for id in JOBS]
    keys += [(kind, id) for (kind, id), _ in mind.state.everything() if kind in (Line, Lane)]
    seen = [known.get(kind, id) for kind, id in keys]
    return [row if row != Requester(id="user/story", open=0) else None for row in seen]
