"""Asking and answering on the embedded bus: one line of questions, several answerers."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from mvidarr_common.bus.problems import pack, told, unpack
from mvidarr_common.envelope import Envelope, decode
from mvidarr_common.errors import Problem, Unavailable

log = logging.getLogger(__name__)
Answering = Callable[[Envelope], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    body: bytes
    answer: asyncio.Future[bytes]


@dataclass(eq=False)
class _Answerer:
    handler: Answering
    concurrency: int
    serving: dict[asyncio.Task[None], _Question] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        return len(self.serving) < self.concurrency


class Questions:
    """What is asked and not answered yet, and who can answer."""

    def __init__(self) -> None:
        self._waiting: deque[_Question] = deque()
        self._answerers: deque[_Answerer] = deque()

    async def ask(self, body: bytes, timeout: float) -> bytes:
        """The answer, or the Problem of who answered."""
        if not self._answerers:
            raise _nobody()
        question = _Question(body, asyncio.get_running_loop().create_future())
        self._waiting.append(question)
        self._hand_out()
        try:
            async with asyncio.timeout(timeout):
                return await question.answer
        except TimeoutError:
            raise Unavailable("no_answer", f"No answer within {timeout:g} s.", after=1) from None
        finally:
            with suppress(ValueError):
                self._waiting.remove(question)

    @asynccontextmanager
    async def answer(self, handler: Answering, concurrency: int) -> AsyncIterator[None]:
        """Answer until the context ends; what is being answered then goes to another."""
        answerer = _Answerer(handler, concurrency)
        self._answerers.append(answerer)
        self._hand_out()
        try:
            yield
        finally:
            self._answerers.remove(answerer)
            self._waiting.extendleft(answerer.serving.values())
            for task in answerer.serving:
                task.cancel()
            await asyncio.gather(*answerer.serving, return_exceptions=True)
            self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and (answerer := self._next_free()) is not None:
            question = self._waiting.popleft()
            if not question.answer.done():
                self._start(answerer, question)
        if not self._answerers:
            self._give_up()

    def _next_free(self) -> _Answerer | None:
        self._answerers.rotate(-1)
        return next((answerer for answerer in self._answerers if answerer.free), None)

    def _give_up(self) -> None:
        for question in self._waiting:
            if not question.answer.done():
                question.answer.set_exception(_nobody())
        self._waiting.clear()

    def _start(self, answerer: _Answerer, question: _Question) -> None:
        def done(task: asyncio.Task[None]) -> None:
            del answerer.serving[task]
            self._hand_out()

        task = asyncio.create_task(_serve(answerer.handler, question))
        answerer.serving[task] = question
        task.add_done_callback(done)


async def _serve(handler: Answering, question: _Question) -> None:
    outcome = await _outcome(handler, question.body)
    if question.answer.done():  # who asked has gone
        return
    if isinstance(outcome, Problem):
        question.answer.set_exception(outcome)
    else:
        question.answer.set_result(outcome)


async def _outcome(handler: Answering, body: bytes) -> bytes | Problem:
    try:
        return await handler(decode(body))
    except Exception as error:
        if not isinstance(error, Problem):
            log.exception("a question could not be answered")
        return unpack(pack(told(error)))


def _nobody() -> Unavailable:
    return Unavailable("no_answerer", "Nobody is there to answer; try again soon.", after=1)
