"""Who asks the same at the same time shares a question that is no older than any of them."""

import asyncio

import pytest

from mvidarr_common.shared import Shared


class Oracle:
    """Answers with the number of the question, once it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def answer(self) -> int:
        self.asked += 1
        number = self.asked
        await self.may_answer.wait()
        return number


async def turn() -> None:
    """Let everybody do what they can do now."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("at_once", [1, 2])
async def test_who_comes_while_questions_are_out_gets_the_answer_of_a_later_one(
    at_once: int,
) -> None:
    oracle = Oracle()
    shared = Shared(oracle.answer, at_once)
    waiting: list[asyncio.Task[int]] = []
    for _ in range(4):
        waiting += [asyncio.create_task(shared.answer()) for _ in range(3)]
        await turn()
    assert oracle.asked == at_once
    assert not shared.idle
    oracle.may_answer.set()
    answers = await asyncio.gather(*waiting)
    own = [number for number in range(1, at_once + 1) for _ in range(3)]
    assert answers == own + [at_once + 1] * (12 - len(own))
    await turn()
    assert shared.idle
