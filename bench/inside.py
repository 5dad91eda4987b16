"""Services of MVidarr inside this process, on an embedded bus, as `mvidarr up` runs them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from mvidarr_catalog.service import service as catalog
from mvidarr_common.bus import Bus, FromNow, LogReader, open_bus
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.errors import Unavailable
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, derive
from mvidarr_common.messages.jobs import (
    AnySpec,
    EnqueueJob,
    JobCompleted,
    JobFailed,
    JobGivenUp,
)
from mvidarr_common.messages.queries import GetSystem, SystemView
from mvidarr_common.runtime import running
from mvidarr_common.service import AnyService
from mvidarr_common.testing.conditions import eventually
from mvidarr_transcoder.service import service as transcoder

DEADLINE = 120.0


@asynccontextmanager
async def working_inside(
    folder: Path,
    services: Sequence[AnyService] = (catalog, transcoder),
    more: Mapping[str, object] = MappingProxyType({}),
) -> AsyncIterator[Bus]:
    """A catalog on an embedded PostgreSQL and workers; the bus that joins them."""
    told = {**more, "state_dir": folder / "state", "data_root": folder / "data"}
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(open_bus(f"embedded:{folder}/bus.db", "bench"))
        for service in services:
            settings = service.settings.model_validate(told)
            await stack.enter_async_context(running(service, settings, bus))
        await until_answering(bus)
        yield bus


async def until_answering(bus: Bus) -> SystemView:
    """The catalog's summary, as soon as it gives one."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                answer = await bus.ask(fresh(GetSystem(), source="bench"), timeout=5)
            except Unavailable:
                await asyncio.sleep(0.02)
            else:
                return SystemView.model_validate_json(answer)


def said(message: Message) -> Envelope:
    """In an envelope of its own."""
    return fresh(message, source="bench", actor="system")


async def do(bus: Bus, *specs: AnySpec, retried: bool = False) -> list[JobCompleted]:
    """Have jobs done: from the commands to the moment at which the read model shows all ends."""
    commands = [said(EnqueueJob(spec=spec)) for spec in specs]
    wanted = {JobId(derive(command.id, "job")) for command in commands}
    async with asyncio.timeout(DEADLINE), bus.read_log(FromNow()) as log:
        publishing = asyncio.gather(*(bus.publish(command) for command in commands))
        done, offset = await _ends(log, wanted, retried)
        await publishing
        await eventually(lambda: _folded(bus, offset), DEADLINE, every=0.005)
    return done


async def _folded(bus: Bus, offset: int) -> bool:
    return (await until_answering(bus)).offset >= offset


async def _ends(
    log: LogReader, wanted: set[JobId], retried: bool
) -> tuple[list[JobCompleted], int]:
    found: list[JobCompleted] = []
    offset = -1
    while len(found) < len(wanted):
        for record in await log.batch():
            message = decode(record.body).message
            if isinstance(message, JobGivenUp) or (isinstance(message, JobFailed) and not retried):
                raise RuntimeError(f"a job failed: {message}")
            if isinstance(message, JobCompleted) and message.job_id in wanted:
                found.append(message)
                offset = record.offset
    return found, offset
