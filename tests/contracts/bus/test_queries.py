"""Asking and answering: with a deadline, shared by answerers, problems included."""

import asyncio
from contextlib import suppress

import pytest

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.queries import GetJob, GetSystem
from mvidarr_common.testing.buses import Engine, said, soon

MIB = 1024 * 1024


def question(name: str = "job") -> Envelope:
    return said(GetJob(id=JobId(name)))


async def echo(query: Envelope) -> bytes:
    assert isinstance(query.message, GetJob)
    return query.message.id.encode()


async def test_a_question_is_answered(engine: Engine, bus: Bus) -> None:
    heard: list[Envelope] = []

    async def answer(query: Envelope) -> bytes:
        heard.append(query)
        return b"bytes \x00 as they are"

    sent = question()
    async with engine.beside(bus) as other, other.answer(answer):
        assert await bus.ask(sent) == b"bytes \x00 as they are"
    assert heard == [sent]


async def test_each_question_gets_its_own_answer(bus: Bus) -> None:
    async with bus.answer(echo):
        answers = await asyncio.gather(*(bus.ask(question(str(n)), 30) for n in range(100)))
    assert answers == [str(n).encode() for n in range(100)]


@pytest.mark.parametrize(
    "problem",
    [
        NotFound("no_such_job", "there is no job “x”"),
        Conflict("in_the_way", "something is", existing="video/1"),
        Unavailable("rebuilding", "in a moment", after=2.5),
        Invalid("bad_cursor", "the cursor is not ours"),
        Unauthorized("who", "who are you"),
        Forbidden("not_you", "not you"),
        TooLarge("too_large", "too large"),
        Problem("odd", "something odd"),
    ],
    ids=lambda problem: problem.code,
)
async def test_the_answerers_problem_reaches_who_asked(bus: Bus, problem: Problem) -> None:
    async def refuse(query: Envelope) -> bytes:
        raise problem

    async with bus.answer(refuse):
        with pytest.raises(type(problem)) as told:
            await bus.ask(question())
    raised = told.value
    assert type(raised) is type(problem)
    assert (raised.code, raised.message, raised.after, raised.existing) == (
        problem.code,
        problem.message,
        problem.after,
        problem.existing,
    )


async def test_a_defect_of_the_answerer_is_told_without_its_details(bus: Bus) -> None:
    async def fail(query: Envelope) -> bytes:
        raise RuntimeError("the password is 12345")

    async with bus.answer(fail):
        with pytest.raises(Problem) as told:
            await bus.ask(question())
        assert told.value.status == 500
        assert "12345" not in told.value.message


async def test_where_nobody_answers_one_is_told(bus: Bus) -> None:
    with pytest.raises(Unavailable):
        await soon(bus.ask(said(GetSystem()), timeout=0.5))


async def test_who_answers_too_late_is_not_waited_for(bus: Bus) -> None:
    release = asyncio.Event()

    async def slow(query: Envelope) -> bytes:
        if await echo(query) == b"slow":
            await release.wait()
        return await echo(query)

    async with bus.answer(slow):
        with pytest.raises(Unavailable):
            await bus.ask(question("slow"), timeout=0.2)
        release.set()
        assert await bus.ask(question("next")) == b"next"


async def test_answerers_share_the_questions(engine: Engine, bus: Bus) -> None:
    both = asyncio.Barrier(2)

    async def answer(query: Envelope) -> bytes:
        await both.wait()
        return await echo(query)

    async with (
        engine.beside(bus) as other,
        bus.answer(answer, concurrency=1),
        other.answer(answer, concurrency=1),
    ):
        answers = await asyncio.gather(bus.ask(question("1"), 30), bus.ask(question("2"), 30))
    assert list(answers) == [b"1", b"2"]


async def test_an_answerer_answers_only_so_many_at_once(bus: Bus) -> None:
    running, most = 0, 0
    full = asyncio.Event()

    async def answer(query: Envelope) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 4:
            full.set()
        await full.wait()
        running -= 1
        return b""

    async with bus.answer(answer, concurrency=4):
        await asyncio.gather(*(bus.ask(question(), 30) for _ in range(20)))
    assert most == 4


async def test_an_answer_of_one_mebibyte_arrives_whole(bus: Bus) -> None:
    large = bytes(range(256)) * (MIB // 256)

    async def answer(query: Envelope) -> bytes:
        return large

    async with bus.answer(answer):
        assert await bus.ask(question(), 30) == large


async def test_who_asks_may_give_up(bus: Bus) -> None:
    began = asyncio.Event()
    release = asyncio.Event()

    async def answer(query: Envelope) -> bytes:
        began.set()
        await release.wait()
        return b"answer"

    async with bus.answer(answer):
        asking = asyncio.create_task(bus.ask(question(), 30))
        await soon(began.wait())
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        release.set()
        assert await bus.ask(question(), 30) == b"answer"


async def test_who_stops_answering_is_not_asked_again(bus: Bus) -> None:
    async with bus.answer(echo):
        await bus.ask(question())
    with pytest.raises(Unavailable):
        await soon(bus.ask(question(), timeout=0.5))
    async with bus.answer(echo):
        assert await bus.ask(question("back"), 30) == b"back"


async def test_questions_are_answered_again_after_a_lost_connection(
    engine: Engine, bus: Bus
) -> None:
    async with bus.answer(echo):
        await bus.ask(question())
        await engine.injure()
        async with asyncio.timeout(30):
            while True:
                with suppress(Unavailable):
                    assert await bus.ask(question("again"), 1) == b"again"
                    break
