"""Programs and forked functions: what they say arrives, and none outlives what asked for it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from tests.integration.chassis.deeds import (
    STUBBORN,
    add,
    compute_for_ever,
    count_up,
    crash,
    eat,
    give_unpicklable,
    has_imported,
    have_grandchildren,
    open_many,
    raise_unpicklable,
    refuse,
)

from mvidarr_common.errors import JobError
from mvidarr_common.forkserver import Limits
from mvidarr_common.processes import Children, open_children
from mvidarr_common.testing.conditions import eventually


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    async with open_children() as opened:
        yield opened


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """In the environment of every process that this test starts."""
    name = f"MARK_{uuid4().hex}"
    monkeypatch.setenv(name, "1")
    yield name
    for left in marked(name):
        left.kill()


def marked(mark: str) -> list[psutil.Process]:
    """Living processes that carry the mark, but for the test itself and zombies."""
    return [each for each in psutil.process_iter() if each.pid != os.getpid() and _has(each, mark)]


def _has(process: psutil.Process, mark: str) -> bool:
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and mark in process.environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


async def test_a_program_is_read_as_it_writes_and_ends_with_its_reader(
    children: Children, mark: str
) -> None:
    async with children.pour("yes") as output:
        assert (await output.readline(), len(marked(mark)) > 1) == (b"y\n", True)
    await eventually(lambda: not any("yes" in each.name() for each in marked(mark)))


async def test_a_program_that_fails_is_told_to_who_reads_to_the_end(children: Children) -> None:
    async with children.pour("echo", "all") as output:
        assert await output.read() == b"all\n"
    with pytest.raises(JobError, match="exit code 3"):
        async with children.pour("sh", "-c", "echo half; exit 3") as output:
            assert await output.read() == b"half\n"


async def test_who_does_not_wait_for_the_server_leaves_nothing_open(children: Children) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await children.call(add, 1, 2)
    assert await children.call(add, 1, 2) == 3


async def test_a_function_gives_its_result_and_tells_on_the_way(children: Children) -> None:
    told: list[int] = []
    assert await children.call(add, 1, 2) == 3
    assert await children.call(count_up, 500, on_message=told.append) == "done"
    assert told == list(range(500))


async def test_a_large_result_comes_through(children: Children) -> None:
    assert len(await children.call(bytes, 5_000_000)) == 5_000_000


async def test_an_exception_arrives_as_it_was(children: Children) -> None:
    with pytest.raises(JobError) as raised:
        await children.call(refuse)
    problem = raised.value
    assert (problem.code, problem.retry, problem.after, problem.detail) == ("gone", True, 3, "404")
    assert "in refuse" in problem.__notes__[0]


async def test_what_cannot_travel_arrives_as_text(children: Children) -> None:
    with pytest.raises(RuntimeError, match="Unpicklable: 1 and 2"):
        await children.call(raise_unpicklable)
    with pytest.raises(Exception, match=r"pickle|local object"):
        await children.call(give_unpicklable)


async def test_a_crash_costs_one_call(children: Children) -> None:
    crashed, added = await asyncio.gather(
        children.call(crash), children.call(add, 1, 2), return_exceptions=True
    )
    assert added == 3
    assert isinstance(crashed, JobError)
    assert (crashed.code, crashed.retry) == ("worker_child_died", True)
    assert "SIGSEGV" in crashed.message


async def test_a_listener_that_fails_ends_the_call(children: Children, mark: str) -> None:
    def fail(_: object) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        await children.call(have_grandchildren, on_message=fail)
    await eventually(lambda: len(marked(mark)) == 1)  # the fork server


async def test_lines_and_the_tail_of_errors_are_read(children: Children) -> None:
    lines: list[str] = []
    script = "printf 'one\\ntwo\\rthree\\r\\nfour'; seq 1 5000 >&2; exit 3"
    finished = await children.run("sh", "-c", script, on_line=lines.append)
    assert lines == ["one", "two", "three", "four"]
    assert finished.code == 3
    assert finished.errors.endswith("4999\n5000\n")
    assert len(finished.errors) == 4096


async def test_a_program_that_is_not_there_ends_with_127(children: Children) -> None:
    finished = await children.run("no-such-program")
    assert finished.code == 127
    assert "no-such-program" in finished.errors


async def test_a_program_inherits_no_ignored_signals(children: Children) -> None:
    lines: list[str] = []
    await children.run("grep", "SigIgn", "/proc/self/status", on_line=lines.append)
    of_the_c_library = 0b11 << 31  # 32 and 33: its posix_spawn ignores them, nobody can reset them
    assert int(lines[0].split()[1], 16) & ~of_the_c_library == 0


async def test_output_of_any_length_is_drained(children: Children) -> None:
    lines: list[str] = []
    finished = await children.run(
        "sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x", on_line=lines.append
    )
    assert finished.code == 0
    assert sum(map(len, lines)) == 3_000_000


async def test_a_cancel_ends_the_whole_group_even_one_that_ignores_it(
    children: Children, mark: str
) -> None:
    up = asyncio.Event()
    task = asyncio.create_task(children.run("sh", "-c", STUBBORN, on_line=lambda _: up.set()))
    await up.wait()
    await eventually(lambda: len(marked(mark)) >= 4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: len(marked(mark)) == 1)  # the fork server


async def test_a_gentle_program_may_end_itself(children: Children) -> None:
    lines: list[str] = []
    up = asyncio.Event()

    def hear(line: str) -> None:
        lines.append(line)
        up.set()

    script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    task = asyncio.create_task(children.run("sh", "-c", script, on_line=hear))
    await up.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_function_is_cancelled_with_its_grandchildren(
    children: Children, mark: str
) -> None:
    up = asyncio.Event()
    task = asyncio.create_task(children.call(have_grandchildren, on_message=lambda _: up.set()))
    await up.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: len(marked(mark)) == 1)


async def test_a_killed_fork_server_takes_its_children_along_and_comes_back(
    children: Children, mark: str
) -> None:
    up = asyncio.Event()
    task = asyncio.create_task(children.run("sleep", "600"))
    other = asyncio.create_task(children.call(have_grandchildren, on_message=lambda _: up.set()))
    await up.wait()
    assert children._process is not None
    children._process.kill()
    for each in (task, other):
        with pytest.raises(JobError) as raised:
            await each
        assert raised.value.code == "worker_child_died"
    assert await children.call(add, 1, 2) == 3


async def test_memory_has_a_limit_where_one_is_set() -> None:
    async with open_children(limits=Limits(memory=256 << 20)) as limited:
        assert await limited.call(eat, 1 << 20) == 1 << 20
        with pytest.raises(MemoryError):
            await limited.call(eat, 1 << 30)


async def test_processor_time_and_open_files_have_limits_where_they_are_set() -> None:
    async with open_children(limits=Limits(seconds=1, files=64)) as limited:
        with pytest.raises(OSError, match="Too many open files"):
            await limited.call(open_many, 100)
        with pytest.raises(JobError, match="SIGXCPU"):
            await limited.call(compute_for_ever)


async def test_a_module_that_cannot_be_imported_is_told_at_once(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with open_children(("no_such_module",)) as broken:
        with pytest.raises(RuntimeError, match="no_such_module"):
            await broken.warm()
    assert "ModuleNotFoundError" in capfd.readouterr().err


async def test_the_preloaded_modules_are_there(children: Children) -> None:
    async with open_children(("wave",)) as preloaded:
        assert await preloaded.call(has_imported, "wave")
    assert not await children.call(has_imported, "wave")


VICTIM = """
import asyncio, sys
sys.path.insert(0, {root!r})
from mvidarr_common.processes import open_children
from tests.integration.chassis.deeds import STUBBORN, have_grandchildren

async def main():
    async with open_children() as children:
        await asyncio.gather(
            children.run("sh", "-c", STUBBORN, on_line=lambda _: print("up", flush=True)),
            children.call(have_grandchildren, on_message=lambda _: print("up", flush=True)),
            children.ask(have_grandchildren, on_message=lambda _: print("up", flush=True)),
        )

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_leaves_no_orphan(mark: str, number: signal.Signals) -> None:
    root = str(Path(__file__).parents[3])
    script = VICTIM.format(root=root)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as victim:
        assert victim.stdout is not None
        assert [victim.stdout.readline() for _ in range(3)] == [b"up\n"] * 3
        while len(marked(mark)) < 11:
            time.sleep(0.02)
        victim.send_signal(number)
    deadline = time.monotonic() + 10
    while left := marked(mark):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
