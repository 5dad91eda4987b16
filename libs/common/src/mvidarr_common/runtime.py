"""Runs services: opens what they stand on, keeps them going, and closes everything in order.

SIGTERM → not ready → take nothing more → finish or hand back → close what services opened
        → close the bus → end of the process, within the grace period
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from . import logs, tracing
from .bus import open_bus
from .bus.protocol import Bus
from .files import DataRoot
from .forkserver import Limits
from .health import Readiness, health_app
from .hearing import Hearing
from .messages.ids import WorkerId, new_id
from .processes import open_children
from .run import Bench
from .secrets import instance_key
from .service import AnyService, Runtime
from .settings import Settings
from .traced import TracedBus
from .web import serving
from .worker import Worker

log = logging.getLogger(__name__)

YOUNG = 50_000
"""Objects made before the young ones are looked through for garbage. Python's own 700 cost a
third of the time in which a catalog with a large state folds."""


async def up(services: Sequence[AnyService]) -> None:
    """Run services in this process, on one bus, until a signal ends it or one of them dies."""
    settings = Settings()
    logs.configure(settings)
    _collect_less()
    readiness, stopping = Readiness({service.name for service in services}), asyncio.Event()
    names = "+".join(service.name for service in services)
    async with AsyncExitStack() as stack:
        stack.enter_context(tracing.exporting(settings.otlp_endpoint, names))
        limit = await stack.enter_async_context(asyncio.timeout(None))
        stack.enter_context(_on_signals(stopping, readiness, limit, settings.grace))
        if settings.metrics_port is not None:
            await stack.enter_async_context(_health(readiness, settings.metrics_port))
        bus = await stack.enter_async_context(open_bus(bus_url(settings), names))
        readiness.checks["bus"] = lambda: None if bus.health.ready else bus.health.reason
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        for service in services:
            own = service.settings()
            tasks.create_task(run_service(service, own, bus, stopping, readiness))


def _collect_less() -> None:
    """What was imported stays anyway; what is made later dies young, or stays long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)


def bus_url(settings: Settings) -> str:
    """The configured broker, else a file in the state folder."""
    if settings.amqp_url is not None:
        return settings.amqp_url.get_secret_value()
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    return f"embedded:{settings.state_dir / 'bus.sqlite'}"


async def run_service(
    service: AnyService,
    settings: Settings,
    bus: Bus,
    stopping: asyncio.Event | None = None,
    readiness: Readiness | None = None,
) -> None:
    """Run one service until `stopping` is set, and drain it; cancelling ends it at once."""
    async with running(service, settings, bus, readiness):
        await (stopping or asyncio.Event()).wait()


@asynccontextmanager
async def running(
    service: AnyService, settings: Settings, bus: Bus, readiness: Readiness | None = None
) -> AsyncIterator[Runtime[Any]]:
    """A service at work for as long as the block lasts; drained and closed when it is left."""
    runtime = _runtime(service, settings, bus)
    stopping = asyncio.Event()
    async with (
        open_children(service.preload, limits_of(settings)) as children,
        service.open(runtime) as deps,
        asyncio.TaskGroup() as tasks,
    ):
        main = tasks.create_task(_main(service, runtime, deps), name=f"{service.name} main")
        if service.jobs:
            bench = Bench(runtime, deps, children)
            worker = Worker(bench, service.jobs, service.slots(settings))
            tasks.create_task(worker.serve(stopping), name=f"{service.name} worker")
        if service.preload:
            tasks.create_task(children.warm(), name=f"{service.name} fork server")
        if service.hears is not None:
            hearing = Hearing(service.hears, runtime, deps, stopping)
            tasks.create_task(hearing.serve(), name=f"{service.name} hearing")
        if readiness is not None:
            readiness.open(service.name, runtime.checks, runtime.notes)
        log.info("%s is running", service.name, extra={"service": service.name})
        yield runtime
        stopping.set()
        main.cancel()
    log.info("%s has ended", service.name, extra={"service": service.name})


def _runtime(service: AnyService, settings: Settings, bus: Bus) -> Runtime[Any]:
    return Runtime(
        name=service.name,
        settings=settings,
        bus=TracedBus(bus, service.name),
        root=DataRoot(settings.data_root.absolute()),
        key=instance_key(settings),
        worker_id=WorkerId(f"{service.name}-{socket.gethostname()}-{os.getpid()}-{new_id()[:8]}"),
    )


def limits_of(settings: Settings) -> Limits:
    """For every child of the service."""
    memory = _child_memory(settings)
    return Limits(memory, settings.child_cpu_seconds, settings.child_open_files)


def _child_memory(settings: Settings) -> int:
    """In bytes; where nothing else was told, half of the machine's."""
    if settings.child_memory_mb is not None:
        return settings.child_memory_mb << 20
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


async def _main(service: AnyService, runtime: Runtime[Any], deps: Any) -> None:
    """A main loop that ends by itself has died."""
    if service.main is not None:
        await service.main(runtime, deps)
        raise RuntimeError(f"the main loop of {service.name} has ended")


@asynccontextmanager
async def _health(readiness: Readiness, port: int) -> AsyncIterator[None]:
    every = "0.0.0.0"  # noqa: S104  # Prometheus and the orchestrator come from outside
    async with serving(health_app(readiness), every, port):
        yield


@contextmanager
def _on_signals(
    stopping: asyncio.Event, readiness: Readiness, limit: asyncio.Timeout, grace: float
) -> Iterator[None]:
    """The first signal begins the end, within `grace` seconds; a second one ends it now."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        now = loop.time()
        limit.reschedule(now if stopping.is_set() else now + grace)
        readiness.leaving = True
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
