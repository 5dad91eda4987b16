"""What a process sends and takes is counted as OpenTelemetry counts any messaging."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from mvidarr_common.bus import Delivery, open_bus
from mvidarr_common.bus.topology import EXCHANGE, job_queue
from mvidarr_common.errors import Invalid
from mvidarr_common.testing.buses import command, job, progress
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.traced import TracedBus

NOOP = job_queue("noop")


def counted(metric: str, operation: str, destination: str, error: str = "") -> float:
    labels = {
        "messaging_operation_name": operation,
        "messaging_destination_name": destination,
        "error_type": error,
    }
    return REGISTRY.get_sample_value(f"messaging_{metric}", labels) or 0


async def test_what_is_sent_and_what_comes_is_counted() -> None:
    taken = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        await delivery.ack()
        taken.set()

    sent = counted("client_sent_messages_total", "publish", EXCHANGE)
    came = counted("client_consumed_messages_total", "process", NOOP.name)
    async with open_bus("embedded::memory:", "test") as below:
        bus = TracedBus(below, "test")
        await bus.publish(command(), job())
        async with bus.work(NOOP, 1, handle):
            await taken.wait()
            await eventually(
                lambda: counted("process_duration_seconds_count", "process", NOOP.name) == came + 1
            )
    assert counted("client_sent_messages_total", "publish", EXCHANGE) == sent + 2
    assert counted("client_consumed_messages_total", "process", NOOP.name) == came + 1


async def test_a_failure_is_counted_by_its_type() -> None:
    def failures() -> float:
        return counted("client_operation_duration_seconds_count", "publish", EXCHANGE, "Invalid")

    before = failures()
    async with open_bus("embedded::memory:", "test") as below:
        with pytest.raises(Invalid):
            await TracedBus(below, "test").publish(progress("nowhere"))
    assert failures() == before + 1
