"""What is the embedded engine's own: its file, its lock, kill -9, a full disk."""

import asyncio
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mvidarr_common.bus import After, Bus, FromFirst, FromNow, open_bus
from mvidarr_common.bus.topology import PARKED, job_queue
from mvidarr_common.envelope import decode
from mvidarr_common.errors import Conflict, LogReplaced, LogTruncated, Unavailable
from mvidarr_common.testing.buses import command, follow, follow_to, ids, job, soon, taking

NOOP = job_queue("noop")

PUBLISHING = """
import asyncio, sys
from mvidarr_common.bus import open_bus
from mvidarr_common.testing.buses import job

async def publish(bus):
    while True:
        sent = job("x" * 200)
        await bus.publish(sent)
        print(sent.id, flush=True)

async def main():
    async with open_bus(sys.argv[1], "child") as bus:
        await asyncio.gather(*(publish(bus) for _ in range(8)))

asyncio.run(main())
"""

HOLDING = """
import asyncio, sys
from mvidarr_common.bus import open_bus
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.testing.buses import taking

async def main():
    async with open_bus(sys.argv[1], "child") as bus, taking(bus, job_queue("noop")) as taken:
        print((await taken.next()).count, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

FILLING = """
import asyncio, resource, sys
from contextlib import suppress
from mvidarr_common.bus import open_bus
from mvidarr_common.bus.topology import job_queue
from mvidarr_common.envelope import decode
from mvidarr_common.errors import Unconfirmed
from mvidarr_common.testing.buses import job, taking

async def main():
    confirmed = []
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with open_bus(sys.argv[1], "child") as bus:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        try:
            while True:
                sent = job("x" * 10_000)
                await bus.publish(sent)
                confirmed.append(sent.id)
        except Unconfirmed:
            assert not bus.health.ready
        async with taking(bus, job_queue("noop")) as taken:
            with suppress(TimeoutError):
                await asyncio.wait_for(taken.deliveries.get(), 0.1)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            await bus.publish(sent)
            assert bus.health.ready
            confirmed.append(sent.id)
        async with taking(bus, job_queue("noop"), slots=len(confirmed)) as taken:
            worked = {decode((await taken.next()).body).id for _ in confirmed}
            assert worked == set(confirmed), "nothing that waited was lost"
    print(" ".join(confirmed), flush=True)

asyncio.run(main())
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"embedded:{tmp_path / 'bus.db'}"


@asynccontextmanager
async def child(program: str, url: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, url, stdout=PIPE, stderr=PIPE, limit=10_000_000
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process) -> str:
    assert process.stdout is not None
    return (await soon(process.stdout.readline())).decode().strip()


async def everything(bus: Bus) -> list[str]:
    last = command()
    await bus.publish(last)
    async with bus.read_log(FromFirst()) as log:
        return ids(await follow_to(log, last))[:-1]


@pytest.mark.parametrize("enough", [1, 50, 700])
async def test_what_was_confirmed_survives_kill_9(url: str, enough: int) -> None:
    async with child(PUBLISHING, url) as process:
        confirmed = [await said(process) for _ in range(enough)]
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = await process.communicate()
        # the last line may be torn
        confirmed += [line for line in rest.decode().split("\n")[:-1] if line]
    async with open_bus(url, "after") as bus:
        logged = await everything(bus)
        assert set(confirmed) <= set(logged)
        assert len(logged) == len(set(logged))
        assert await bus.depth("jobs.noop") == len(logged), "the log and the queue agree"


async def test_what_a_killed_process_held_is_delivered_again_and_counted(url: str) -> None:
    sent = job()
    async with open_bus(url, "before") as bus:
        await bus.publish(sent)
    for count in range(3):
        async with child(HOLDING, url) as process:
            assert await said(process) == str(count)
    async with open_bus(url, "after") as bus, taking(bus, NOOP) as taken:
        delivery = await taken.next()
        assert (decode(delivery.body), delivery.count) == (sent, 3)
        await delivery.ack()


async def test_what_kills_the_process_every_time_is_parked_at_the_next_start(
    url: str, tmp_path: Path
) -> None:
    async with open_bus(url, "before") as bus:
        await bus.publish(job())
    with sqlite3.connect(tmp_path / "bus.db") as database:
        database.execute("UPDATE work SET deliveries = 21")
    database.close()
    async with open_bus(url, "after") as bus, taking(bus, PARKED) as parked:
        delivery = await parked.next()
        assert delivery.dead is not None
        assert delivery.dead.reason == "delivery_limit"
        assert await bus.depth("jobs.noop") == 0
        await delivery.ack()


async def test_a_second_process_is_refused_with_a_sentence(url: str) -> None:
    async with child(PUBLISHING, url) as process:
        await said(process)
        with pytest.raises(Conflict) as refused:
            async with open_bus(url, "second"):
                pass
    assert refused.value.code == "bus_in_use"
    assert "another process has the bus file" in refused.value.message
    async with open_bus(url, "after") as bus:
        assert await everything(bus)


async def test_a_file_that_is_no_bus_is_refused_with_a_sentence(url: str, tmp_path: Path) -> None:
    (tmp_path / "bus.db").write_bytes(b"this is not a database, " * 100)
    with pytest.raises(Unavailable) as refused:
        async with open_bus(url, "test"):
            pass
    assert refused.value.code == "bus_unusable"


async def test_a_folder_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as refused:
        async with open_bus(f"embedded:{tmp_path / 'file' / 'bus.db'}", "test"):
            pass
    assert refused.value.code == "bus_unusable"


async def test_a_file_of_a_newer_release_is_refused(url: str, tmp_path: Path) -> None:
    async with open_bus(url, "before"):
        pass
    with sqlite3.connect(tmp_path / "bus.db") as database:
        database.execute("PRAGMA user_version=1000")
    database.close()
    with pytest.raises(Conflict) as refused:
        async with open_bus(url, "after"):
            pass
    assert refused.value.code == "bus_too_new"


async def test_a_full_disk_is_told_and_the_bus_goes_on_when_there_is_room(url: str) -> None:
    async with child(FILLING, url) as process:
        confirmed = (await said(process)).split()
        _, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
    async with open_bus(url, "after") as bus:
        assert await everything(bus) == confirmed
        assert await bus.depth("jobs.noop") == len(confirmed)


async def test_offsets_have_holes_as_on_a_stream(url: str) -> None:
    async with open_bus(url, "test") as bus:
        await bus.publish(*(command() for _ in range(200)))
        async with bus.read_log(FromFirst()) as log:
            offsets = [record.offset for record in await follow(log, 201)]
    assert offsets[0] == 0
    assert offsets[-1] > 200


async def test_a_hole_is_no_record(url: str) -> None:
    async with open_bus(url, "test") as bus:
        await bus.publish(*(command() for _ in range(100)))
        with pytest.raises(LogReplaced):
            async with bus.read_log(After(63, "whatever")):
                pass


async def test_a_removed_beginning_is_noticed(url: str, tmp_path: Path) -> None:
    sent = [command() for _ in range(10)]
    async with open_bus(url, "before") as bus:
        await bus.publish(*sent)
    with sqlite3.connect(tmp_path / "bus.db") as database:
        database.execute('DELETE FROM log WHERE "offset" < 5')
    database.close()
    async with open_bus(url, "after") as bus:
        with pytest.raises(LogTruncated):
            async with bus.read_log(After(3, sent[2].id)):
                pass
        async with bus.read_log(After(3)) as log:
            assert log.log_id is None
            assert ids(await follow(log, 6)) == [each.id for each in sent[4:]]


async def test_a_bus_that_is_closed_says_so(url: str) -> None:
    async with open_bus(url, "test") as bus:
        pass
    with pytest.raises(Unavailable) as refused:
        await bus.publish(command())
    assert refused.value.code == "bus_closed"


async def test_a_publish_that_nobody_awaits_any_more_is_still_delivered(url: str) -> None:
    async with open_bus(url, "test") as bus, taking(bus, NOOP) as taken:
        async with bus.read_log(FromNow()) as log:
            sent = job()
            publishing = asyncio.create_task(bus.publish(sent))
            await asyncio.sleep(0)
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            assert ids(await follow(log, 1)) == [sent.id]
        await (await taken.next()).ack()
