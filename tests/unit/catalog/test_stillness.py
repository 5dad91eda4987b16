"""The leader promises to commit nothing for a moment, and keeps it."""

from dataclasses import replace

import pytest

from mvidarr_catalog.brain.stillness import MOMENT, REST, Stillness
from mvidarr_catalog.brain.store import Checkpoint

HERE = Checkpoint("log", 10, "e", epoch=1, generation=1, signature="", seq=5)


class Clock:
    """Goes on by itself a little, whenever somebody looks."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += MOMENT / 4
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stillness(clock: Clock) -> Stillness:
    """Of one who leads."""
    leading = Stillness(clock)
    leading.begin(HERE)
    return leading


def test_a_leader_at_rest_promises_a_moment(stillness: Stillness) -> None:
    assert stillness.promise(HERE) == MOMENT


def test_who_does_not_lead_promises_nothing() -> None:
    assert Stillness().promise(HERE) == 0


@pytest.mark.parametrize("change", [{"epoch": 2}, {"offset": 9}, {"offset": 11}, {"log_id": "x"}])
def test_nothing_is_promised_of_what_is_not_where_the_leader_is(
    stillness: Stillness, change: dict[str, object]
) -> None:
    assert stillness.promise(replace(HERE, **change)) == 0  # type: ignore[arg-type]  # of a test


def test_nothing_is_promised_while_something_may_be_committed(stillness: Stillness) -> None:
    with stillness.broken():
        assert stillness.promise(HERE) == 0
    assert stillness.promise(HERE) == MOMENT


def test_nothing_is_promised_soon_after_a_commit(stillness: Stillness, clock: Clock) -> None:
    further = replace(HERE, offset=11)
    stillness.moved(further)
    assert stillness.promise(further) == 0
    clock.now += REST
    assert stillness.promise(further) == MOMENT
    assert stillness.promise(HERE) == 0


async def test_what_is_promised_is_waited_for(stillness: Stillness, clock: Clock) -> None:
    promised = stillness.promise(HERE)
    since = clock.now
    await stillness.over()
    assert clock.now >= since + promised


async def test_who_leads_next_keeps_what_another_has_promised(clock: Clock) -> None:
    began = clock.now
    new = Stillness(clock)
    new.begin(replace(HERE, epoch=2))
    await new.over()
    assert clock.now >= began + MOMENT
