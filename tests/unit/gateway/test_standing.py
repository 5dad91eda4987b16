"""How far the catalog is, asked no more often than it must be, and never believed for too long."""

import asyncio
from dataclasses import dataclass, field

import pytest

from mvidarr_api_gateway.standing import MANY, Standings
from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.queries import GetPosition, Standing

STILL = 0.5


@dataclass
class Oracle:
    """A catalog that promises to stay where it is, to whom asks for that; and a clock."""

    asked: list[bool] = field(default_factory=list)
    offset: int = 0
    time: float = 100.0
    takes: float = 0.0
    """Seconds to an answer."""

    async def answer(self, query: Envelope, _: float) -> bytes:
        assert isinstance(query.message, GetPosition)
        self.asked.append(query.message.still)
        still, self.offset = STILL if query.message.still else 0.0, self.offset + 1
        self.time += self.takes
        return Standing(log_id="log", offset=self.offset, still=still).model_dump_json().encode()

    def clock(self) -> float:
        return self.time


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def standings(oracle: Oracle) -> Standings:
    return Standings(oracle.answer, oracle.clock)


async def _many(standings: Standings) -> set[int]:
    found = await asyncio.gather(*(standings.now() for _ in range(MANY)))
    await asyncio.sleep(0)
    return {each.offset for each in found}


async def test_few_ask_each_time_and_hold_nobody_up(standings: Standings, oracle: Oracle) -> None:
    assert [(await standings.now()).offset for _ in range(5)] == [1, 2, 3, 4, 5]
    assert oracle.asked == [False] * 5


async def test_many_ask_once_for_a_while(standings: Standings, oracle: Oracle) -> None:
    assert await _many(standings) == {1}
    assert await _many(standings) == {1}
    assert oracle.asked == [True]


async def test_a_promise_is_renewed_before_it_is_over(standings: Standings, oracle: Oracle) -> None:
    await _many(standings)
    oracle.time += STILL / 2
    assert await _many(standings) == {1}
    assert oracle.asked == [True, True]


async def test_a_promise_that_is_over_counts_no_more(standings: Standings, oracle: Oracle) -> None:
    await _many(standings)
    oracle.time += STILL
    assert await _many(standings) == {2}


async def test_a_promise_counts_from_before_the_question_went_out(
    standings: Standings, oracle: Oracle
) -> None:
    """Whoever was stopped between question and answer has nothing of it."""
    oracle.takes = STILL
    assert await _many(standings) == {1}
    assert await _many(standings) == {2}
