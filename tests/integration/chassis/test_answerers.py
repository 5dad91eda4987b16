"""Children that stay answer many calls; what kills one costs the one call."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import psutil
import pytest

from mvidarr_common import answering
from mvidarr_common.errors import JobError
from mvidarr_common.processes import Children, open_children


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    async with open_children() as opened:
        yield opened


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def refuse() -> None:
    raise JobError("gone", "It is gone.")


async def test_one_child_answers_one_call_after_another(children: Children) -> None:
    first = await children.ask(os.getpid)
    with pytest.raises(JobError, match="It is gone"):
        await children.ask(refuse)
    assert await children.ask(os.getpid) == first != os.getpid()


async def test_calls_at_once_have_a_child_each(children: Children) -> None:
    pids = await asyncio.gather(*(children.ask(os.getpid) for _ in range(3)))
    assert len(set(pids)) == 3
    assert await children.ask(os.getpid) in pids


async def test_a_crash_costs_one_call(children: Children) -> None:
    first = await children.ask(os.getpid)
    with pytest.raises(JobError) as caught:
        await children.ask(crash)
    assert (caught.value.code, caught.value.retry) == ("worker_child_died", True)
    assert await children.ask(os.getpid) != first
    assert not psutil.pid_exists(first)


async def test_what_hangs_ends_when_it_is_cancelled(children: Children) -> None:
    pid = await children.ask(os.getpid)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await children.ask(signal.pause)
    assert not psutil.pid_exists(pid)


async def test_a_child_goes_when_it_has_answered_often(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MOST_CALLS", 2)
    pids = [await children.ask(os.getpid) for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_resting_ends_those_that_wait(children: Children) -> None:
    pid = await children.ask(os.getpid)
    await children.rest()
    assert not psutil.pid_exists(pid)
    assert await children.ask(os.getpid) != pid
