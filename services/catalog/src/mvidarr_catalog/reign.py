"""One reign after another: elect, lead, and when anything is lost, stand for election again."""

import asyncio
import logging

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncEngine

from mvidarr_common.bus import Bus
from mvidarr_common.bus.topology import PARKED
from mvidarr_common.errors import LogError, Unavailable

from .brain import metrics
from .brain.leader import Leader
from .brain.leadership import LostLeadership, leadership, watch
from .brain.model import Brain
from .brain.progress import Progress
from .brain.rereading import Rereading
from .brain.store import Fenced
from .brain.timers import Timers
from .imports import not_while_importing
from .jobs.batches import Batches
from .jobs.census import Census
from .jobs.dead import DeadLetters
from .jobs.dispatcher import Dispatcher
from .jobs.overseer import oversee
from .jobs.reaper import Reaper
from .jobs.workforce import Workforce
from .pipelines.bulk_chore import BulkChore
from .pipelines.split_chore import Splitter
from .pipelines.splitting import SplitRule
from .rebuilds import Rebuilder
from .settings import CatalogSettings

log = logging.getLogger(__name__)

AWAY = (DBAPIError, InterfaceError, Fenced, LostLeadership, Unavailable, OSError, TimeoutError)
"""What ends a reign and not the process: the database or the broker is away, or another leads."""


async def reign_for_ever(
    bus: Bus, engine: AsyncEngine, brain: Brain, settings: CatalogSettings, progress: Progress
) -> None:
    """Lead whenever elected. With a log that is not ours nobody leads, until it is mended."""
    while True:
        try:
            async with leadership(engine) as session, asyncio.TaskGroup() as tasks:
                tasks.create_task(watch(session), name="watch")
                await _lead(bus, engine, brain, settings, progress)
        except* AWAY as lost:
            log.warning("no longer leading: %s", _first(lost))
        except* LogError as foreign:
            log.error("not leading: %s", _first(foreign))
        finally:
            metrics.leading(False)
            progress.leads = False
        _leave_if_told()
        await asyncio.sleep(1.0)


async def _lead(
    bus: Bus, engine: AsyncEngine, brain: Brain, settings: CatalogSettings, progress: Progress
) -> None:
    workforce, rebuilder = Workforce(), Rebuilder()
    dispatcher, census = Dispatcher(workforce, settings.downloads_per_site), Census(workforce)
    splitter = Splitter(workforce, SplitRule(settings.split_longer_than, settings.split_part))
    chores = not_while_importing(
        Timers(),
        Rereading(),
        splitter,
        dispatcher,
        Reaper(workforce, bus.depth),
        rebuilder,
        census,
        BulkChore(),
        Batches(),
    )
    leader = Leader(engine, bus, brain, chores, progress.reached, progress.stillness)
    dead = DeadLetters(bus, engine)
    await leader.take_over()
    metrics.leading(True)
    progress.reached(leader.checkpoint)
    progress.leads = True
    async with bus.work(PARKED, 1, dead.take), asyncio.TaskGroup() as tasks:
        tasks.create_task(oversee(bus, engine, workforce), name="overseer")
        tasks.create_task(rebuilder.run(leader), name="rebuilds")
        await leader.lead()


def _leave_if_told() -> None:
    """Of a cancellation and an error that came of it, a TaskGroup tells the error alone."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
