"""The whole notifier on a real bus: events in, one job per subscriber; jobs in, and it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.integration.catalogs import Catalog

from mvidarr_common.bus import Bus, open_bus
from mvidarr_common.bus.protocol import FromFirst
from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.errors import NotFound
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import SubscriptionId, VideoId
from mvidarr_common.messages.jobs import EnqueueJob, JobCompleted, JobFailed, JobGivenUp
from mvidarr_common.messages.library import VideoReady, VideoWanted
from mvidarr_common.messages.notify import SaveSubscription
from mvidarr_common.runtime import running
from mvidarr_common.secrets import instance_key
from mvidarr_common.testing.conditions import eventually
from mvidarr_notifier.service import service
from mvidarr_notifier.settings import NotifierSettings

READY = VideoReady(
    video_id=VideoId("v1"), title="Jóga", artist="Björk", path="library/x.mp4", quality="1080p"
)


@pytest.fixture
def settings(tmp_path: Path) -> NotifierSettings:
    return NotifierSettings(
        state_dir=tmp_path / "state", data_root=tmp_path / "data", allow_private_addresses=True
    )


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    async with open_bus(f"embedded:{tmp_path / 'bus.sqlite'}", "test") as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as listening:
        yield listening


async def subscribe(
    catalog: Catalog, settings: NotifierSettings, address: str, *names: str
) -> None:
    """These want to hear of everything."""
    key = instance_key(settings)
    for name in names:
        wish = SaveSubscription(
            subscription_id=SubscriptionId(name), name=name, channel="webhook",
            address=key.seal(address), secret=key.seal("hush"),
        )  # fmt: skip
        await catalog.has_committed(await catalog.say(wish))


@asynccontextmanager
async def notifier(bus: Bus, settings: NotifierSettings) -> AsyncIterator[None]:
    """The service at work, its queue declared."""

    async def declared() -> bool:
        with suppress(NotFound):
            await bus.depth("notifier.events")
            return True
        return False

    async with running(service, settings, bus):
        await eventually(declared)
        yield


async def logged(bus: Bus, kind: type[Message], count: int) -> list[Envelope]:
    """The first records of a kind, once there are so many."""
    found: list[Envelope] = []
    async with asyncio.timeout(30), bus.read_log(FromFirst()) as log:
        while len(found) < count:
            for record in await log.batch():
                envelope = decode(record.body)
                if isinstance(envelope.message, kind):
                    found.append(envelope)
    return found


async def test_an_event_becomes_one_job_for_each_subscription(
    bus: Bus, settings: NotifierSettings, empty: Catalog, receiver: Receiver
) -> None:
    event = fresh(READY, source="catalog", actor="user/u1")
    await subscribe(empty, settings, receiver.url, "s1", "s2")
    async with notifier(bus, settings):
        await bus.publish(event)
        said = await logged(bus, EnqueueJob, 2)
    assert [e.causation_id for e in said] == [event.id, event.id]
    assert [e.actor for e in said] == ["user/u1", "user/u1"]
    assert len({e.id for e in said}) == 2


async def test_the_same_event_heard_twice_is_told_once(
    bus: Bus, settings: NotifierSettings, empty: Catalog, receiver: Receiver
) -> None:
    event = fresh(READY, source="catalog")
    await subscribe(empty, settings, receiver.url, "s1")
    async with notifier(bus, settings):
        await bus.publish(event)
        await bus.publish(event)
        first, second = await logged(bus, EnqueueJob, 2)
        await logged(bus, JobCompleted, 1)
        await empty.has_committed(first)
    assert first.id == second.id
    assert first.message == second.message
    assert len(await empty.records("event.job.added")) == 1
    assert len(receiver.requests) == 1


async def test_what_is_not_worth_telling_is_not_heard(
    bus: Bus, settings: NotifierSettings, empty: Catalog, receiver: Receiver
) -> None:
    await subscribe(empty, settings, receiver.url, "s1")
    async with notifier(bus, settings):
        await bus.publish(fresh(VideoWanted(video_id=VideoId("v1")), source="catalog"))
        event = fresh(READY, source="catalog")
        await bus.publish(event)
        said = await logged(bus, EnqueueJob, 1)
    assert said[0].causation_id == event.id


async def test_an_event_waits_until_the_catalog_answers(
    bus: Bus, settings: NotifierSettings, empty: Catalog, receiver: Receiver
) -> None:
    await subscribe(empty, settings, receiver.url, "s1")
    empty.cut()
    async with notifier(bus, settings):
        await bus.publish(fresh(READY, source="catalog"))
        await eventually(lambda: empty.asked("subscription.to"))
        empty.mend()
        assert len(await logged(bus, EnqueueJob, 1)) == 1


async def test_an_event_reaches_its_receiver_and_the_job_is_completed(
    bus: Bus, settings: NotifierSettings, empty: Catalog, receiver: Receiver
) -> None:
    await subscribe(empty, settings, receiver.url, "s1")
    async with notifier(bus, settings):
        await bus.publish(fresh(READY, source="catalog"))
        [request] = await receiver.wait_for(1)
        [done] = await logged(bus, JobCompleted, 1)
    assert json.loads(request.body)["title"] == "Ready: Björk – Jóga"
    assert request.headers["x-mvidarr-signature"].startswith("sha256=")
    assert isinstance(done.message, JobCompleted)
    assert done.message.result.model_dump() == {"kind": "notify", "status": "204"}


async def test_a_failing_receiver_fails_the_attempt_and_the_next_one_arrives(
    bus: Bus, settings: NotifierSettings, empty: Catalog, receiver: Receiver
) -> None:
    await subscribe(empty, settings, receiver.url, "s1")
    async with notifier(bus, settings):
        receiver.fail(1)
        await bus.publish(fresh(READY, source="catalog"))
        [failed] = await logged(bus, JobFailed, 1)
        await receiver.wait_for(1)
    assert isinstance(failed.message, JobFailed)
    assert (failed.message.code, failed.message.retryable) == ("receiver_refused", True)
    assert [request.status for request in receiver.requests] == [503, 204]
    assert len({request.headers["x-mvidarr-delivery"] for request in receiver.requests}) == 1


async def test_addresses_sealed_with_another_key_fail_for_good(
    bus: Bus, settings: NotifierSettings, empty: Catalog
) -> None:
    other = settings.model_copy(update={"instance_key": SecretStr("A" * 43 + "=")})
    await subscribe(empty, other, "http://x", "s1")
    async with notifier(bus, settings):
        await bus.publish(fresh(READY, source="catalog"))
        [failed] = await logged(bus, JobFailed, 1)
        await logged(bus, JobGivenUp, 1)
    assert isinstance(failed.message, JobFailed)
    assert (failed.message.code, failed.message.retryable) == ("wrong_instance_key", False)
