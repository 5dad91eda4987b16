"""How many jobs lie ready for the workers of a queue."""

import pytest

from mvidarr_catalog.jobs.workforce import AHEAD, FLOOR, MOST, Workforce
from mvidarr_common.messages.ids import WorkerId
from mvidarr_common.messages.system import WorkerAlive

SLOTS = 8


class Clock:
    """Stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workforce(clock: Clock) -> Workforce:
    """One worker with some slots."""
    made = Workforce(clock)
    made.hear(WorkerAlive(worker_id=WorkerId("one"), service="test", slots={"noop": SLOTS}))
    return made


def end(workforce: Workforce, jobs: int) -> None:
    for _ in range(jobs):
        workforce.ended("noop")


def test_a_queue_without_workers_shows_some_jobs(clock: Clock) -> None:
    assert Workforce(clock).window("noop") == FLOOR


def test_the_next_job_lies_there_when_one_ends(workforce: Workforce) -> None:
    assert workforce.window("noop") == 2 * SLOTS


def test_of_short_jobs_as_many_lie_there_as_are_done_before_the_next_come(
    workforce: Workforce, clock: Clock
) -> None:
    end(workforce, 3 * SLOTS)
    assert workforce.window("noop") == 3 * SLOTS
    clock.now += 2 * AHEAD
    assert workforce.window("noop") == 2 * SLOTS


def test_many_ends_at_once_do_not_empty_the_backlog(workforce: Workforce) -> None:
    end(workforce, 100 * SLOTS)
    assert workforce.window("noop") == MOST * SLOTS


def test_what_ends_elsewhere_widens_no_other_queue(workforce: Workforce) -> None:
    end(workforce, 3 * SLOTS)
    assert workforce.window("media") == FLOOR
