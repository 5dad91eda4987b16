"""Who is told of an event, and that the same is said when it is heard again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from tests.integration.catalogs import Catalog

from mvidarr_common.bus import Bus, open_bus
from mvidarr_common.envelope import Envelope, following
from mvidarr_common.errors import Unavailable
from mvidarr_common.messages import Event
from mvidarr_common.messages.ids import JobId, PipelineId, SubscriptionId, VideoId
from mvidarr_common.messages.jobs import AnySpec, EnqueueJob, JobAdded, JobGivenUp, Noop, Notify
from mvidarr_common.messages.library import VideoDeleted
from mvidarr_common.messages.notify import (
    Announcement,
    DeleteSubscription,
    SaveSubscription,
)
from mvidarr_common.messages.queries import SubscriptionsTo
from mvidarr_common.secrets import InstanceKey
from mvidarr_notifier.audience import Audience
from mvidarr_notifier.deps import Deps
from mvidarr_notifier.hearing import tell

NOW = datetime(2026, 5, 4, tzinfo=UTC)
DELETED = VideoDeleted(video_id=VideoId("v1"), title="T")
GIVEN_UP = JobGivenUp(job_id=JobId("j1"), code="disk_full", message="The disk is full.")
NOTIFY = Notify(
    subscription_id="s1", channel="webhook", address="sealed",
    announcement=Announcement(
        event_id="e", event_type="video.ready", time="now", title="t", body="b", subject="video/v"
    ),
)  # fmt: skip


@pytest.fixture
async def bus() -> AsyncIterator[Bus]:
    async with open_bus("embedded::memory:", "test") as opened:
        yield opened


async def subscribe(catalog: Catalog, *names: str, events: tuple[str, ...] = ()) -> None:
    for name in names:
        wish = SaveSubscription(
            subscription_id=SubscriptionId(name), name=name, channel="webhook", address="sealed",
            events=events,
        )  # fmt: skip
        await catalog.has_committed(await catalog.say(wish))


async def heard(event: Event, bus: Bus) -> dict[str, EnqueueJob]:
    """What the notifier says, by the ids that it gives it."""
    cause = Envelope(event, "e1", "catalog", NOW, correlation_id="c1")
    async with httpx.AsyncClient() as client:
        audience = Audience(bus, "notifier")
        deps = Deps("notifier", bus, InstanceKey(b"k" * 32), client, False, audience)
        said = await tell(cause, deps)
    return {
        following(cause, command, source="notifier", ordinal=key).id: command
        for key, command in said
        if isinstance(command, EnqueueJob)
    }


async def test_each_subscription_gets_a_job_of_its_own(bus: Bus, empty: Catalog) -> None:
    await subscribe(empty, "s1", "s2")
    await subscribe(empty, "s3", events=("video.deleted",))
    await subscribe(empty, "s4", events=("video.ready",))
    commands = list((await heard(DELETED, bus)).values())
    specs = [command.spec for command in commands]
    told = [spec.subscription_id for spec in specs if isinstance(spec, Notify)]
    assert told == ["s1", "s2", "s3"]
    assert {command.for_subject for command in commands} == {"video/v1"}
    assert empty.asked(SubscriptionsTo.wire) == 1


async def test_what_happens_together_is_one_question_and_what_comes_later_another(
    bus: Bus, empty: Catalog
) -> None:
    audience = Audience(bus, "notifier")
    both = await asyncio.gather(audience.of("video.deleted"), audience.of("video.deleted"))
    await subscribe(empty, "s1")
    later = await audience.of("video.deleted")
    assert ([len(each) for each in both], [each.id for each in later]) == ([0, 0], ["s1"])
    assert empty.asked(SubscriptionsTo.wire) == 2


async def test_nobody_is_told_what_nobody_wants_to_hear(bus: Bus, empty: Catalog) -> None:
    await subscribe(empty, "s1", events=("video.ready",))
    assert await heard(DELETED, bus) == {}


async def test_a_redelivery_says_the_same_with_the_same_ids(bus: Bus, empty: Catalog) -> None:
    await subscribe(empty, "s1", "s2")
    assert await heard(DELETED, bus) == await heard(DELETED, bus)


async def test_a_redelivery_keeps_its_ids_though_subscriptions_have_come_and_gone(
    bus: Bus, empty: Catalog
) -> None:
    await subscribe(empty, "s1", "s2")
    first = await heard(DELETED, bus)
    gone = DeleteSubscription(subscription_id=SubscriptionId("s1"))
    await empty.has_committed(await empty.say(gone))
    await subscribe(empty, "s0")
    again = await heard(DELETED, bus)
    assert (len(first), len(again), len(first.keys() & again.keys())) == (2, 2, 1)


async def test_without_the_catalog_the_event_is_handed_back(bus: Bus) -> None:
    with pytest.raises(Unavailable):
        await heard(DELETED, bus)


@pytest.mark.parametrize(
    ("spec", "pipeline", "told"), [(Noop(), None, 1), (NOTIFY, None, 0), (Noop(), "p1", 0)]
)
async def test_a_failed_job_is_told_unless_its_pipeline_tells_or_it_was_a_notification(
    bus: Bus, empty: Catalog, spec: AnySpec, pipeline: str | None, told: int
) -> None:
    await subscribe(empty, "s1")
    of = PipelineId(pipeline) if pipeline else None
    job = JobAdded(job_id=JobId("j1"), spec=spec, pipeline_id=of)
    await empty.has_committed(await empty.say(job), await empty.say(GIVEN_UP))
    assert len(await heard(GIVEN_UP, bus)) == told
