"""Children that stay answer many calls; what kills one costs the one call."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import psutil
import pytest
from tests.integration.chassis.deeds import crash, refuse, tell_who, use_up

from mvidarr_common import answering, forked
from mvidarr_common.errors import JobError
from mvidarr_common.forkserver import Limits
from mvidarr_common.processes import Children, open_children
from mvidarr_common.testing.conditions import eventually


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    async with open_children() as opened:
        yield opened


async def test_one_child_answers_one_call_after_another(children: Children) -> None:
    first = await children.ask(os.getpid)
    with pytest.raises(JobError, match="It is gone"):
        await children.ask(refuse)
    assert await children.ask(os.getpid) == first != os.getpid()


async def test_calls_at_once_have_a_child_each(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", 0.0)
    pids = await asyncio.gather(*(children.ask(os.getpid) for _ in range(3)))
    assert len(set(pids)) == 3
    assert await children.ask(os.getpid) in pids


async def test_many_short_calls_at_once_share_few_children(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(answering, "SPARE", 2.0)
    monkeypatch.setattr(answering, "AT_ONCE", 2)
    pids = await asyncio.gather(*(children.ask(os.getpid) for _ in range(8)))
    assert len(set(pids)) == 2


async def test_children_that_come_back_soon_enough_make_up_for_new_ones(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def pass_time(_: object) -> None:
        """Less than the patience for each call, and more than it for all."""
        nonlocal now
        now += 40.0

    monkeypatch.setattr(answering, "_now", lambda: now)
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", 60.0)
    monkeypatch.setattr(answering, "SPARE", 2.0)
    monkeypatch.setattr(answering, "AT_ONCE", 1)
    calls = (children.ask(tell_who, on_message=pass_time) for _ in range(4))
    assert len(set(await asyncio.gather(*calls))) == 1


@pytest.mark.parametrize(("spare", "patience"), [(0.0, 60.0), (2.0, 0.05)])
async def test_a_call_that_takes_its_time_holds_up_no_other(
    children: Children, monkeypatch: pytest.MonkeyPatch, spare: float, patience: float
) -> None:
    """Whether the processors have nothing to do, or other programs keep them busy."""
    monkeypatch.setattr(answering, "AT_ONCE", 1)
    monkeypatch.setattr(answering, "SPARE", spare)
    monkeypatch.setattr(answering, "PATIENCE_SECONDS", patience)
    long = [asyncio.create_task(children.ask(signal.pause)) for _ in range(3)]
    assert await children.ask(os.getpid) != os.getpid()
    for each in long:
        each.cancel()
    await asyncio.gather(*long, return_exceptions=True)


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


async def test_what_is_told_on_the_way_is_heard(children: Children) -> None:
    heard: list[object] = []
    for n in range(2):
        await children.ask(forked.tell, n, on_message=heard.append)
    assert heard == [0, 1]


async def test_a_child_that_is_spent_is_not_asked_again(children: Children) -> None:
    pid = await children.ask(os.getpid)
    await children.ask(forked.spend, "it is dirty")
    await eventually(lambda: not psutil.pid_exists(pid))
    assert await children.ask(os.getpid) != pid


async def test_a_failure_that_nobody_has_foreseen_costs_the_child(children: Children) -> None:
    pid = await children.ask(os.getpid)
    with pytest.raises(FileNotFoundError):
        await children.ask(os.chdir, "/nowhere")
    assert await children.ask(os.getpid) != pid


async def test_a_child_that_dies_while_it_waits_costs_no_call(children: Children) -> None:
    pid = await children.ask(os.getpid)
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: not psutil.pid_exists(pid))
    assert await children.ask(os.getpid) != pid


async def test_a_child_that_nobody_asks_ends(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "IDLE_SECONDS", 0.05)
    pid = await children.ask(os.getpid)
    await eventually(lambda: not psutil.pid_exists(pid))


async def test_each_call_has_the_whole_processor_time_and_no_more() -> None:
    async with open_children(limits=Limits(seconds=1)) as limited:
        told = await limited.ask(use_up, 0.0)
        assert await limited.ask(use_up, told - 0.9) == told
        assert await limited.ask(use_up, 0.0) == told + 1
        with pytest.raises(JobError) as raised:
            await limited.ask(use_up, 600.0)
        assert raised.value.code == "worker_child_died"
