"""Who is told of an event, and that the same is said when it is heard again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from mvidarr_common.bus import Bus
from mvidarr_common.envelope import Envelope, following
from mvidarr_common.errors import Unavailable
from mvidarr_common.messages import Event, Message
from mvidarr_common.messages.ids import JobId, PipelineId, SubscriptionId, VideoId
from mvidarr_common.messages.jobs import EnqueueJob, JobGivenUp, Notify
from mvidarr_common.messages.library import VideoDeleted
from mvidarr_common.messages.queries import (
    GetJob,
    JobView,
    SealedSubscription,
    SealedSubscriptions,
    SubscriptionsTo,
    View,
)
from mvidarr_common.secrets import InstanceKey
from mvidarr_notifier.deps import Deps
from mvidarr_notifier.hearing import tell

NOW = datetime(2026, 5, 4, tzinfo=UTC)
DELETED = VideoDeleted(video_id=VideoId("v1"), title="T")
GIVEN_UP = JobGivenUp(job_id=JobId("j1"), code="disk_full", message="The disk is full.")


@dataclass
class Catalog:
    """Answers queries as the catalog does, by their type."""

    answers: dict[type[Message], Callable[[Any], View]]
    asked: list[Message] = field(default_factory=list)

    async def ask(self, query: Envelope, timeout: float = 5.0) -> bytes:
        self.asked.append(query.message)
        if type(query.message) not in self.answers:
            raise Unavailable("no_answer", "Nobody answers.")
        return self.answers[type(query.message)](query.message).model_dump_json().encode()


def subscriptions(*names: str) -> Callable[[Any], View]:
    return lambda _: SealedSubscriptions(items=tuple(subscription(name) for name in names))


def subscription(name: str) -> SealedSubscription:
    return SealedSubscription(
        id=SubscriptionId(name), channel="webhook", address="sealed", secret=None, events=()
    )


def job(kind: str, pipeline: str | None = None) -> Callable[[Any], View]:
    return lambda query: JobView(
        id=query.id, kind=kind, queue="files", state="failed", attempt=3, priority=0,
        for_subject=None, pipeline_id=PipelineId(pipeline) if pipeline else None, step=None,
        worker_id=None, failure=None, added=NOW, due=None, started=NOW, ended=NOW, spec={},
        result=None,
    )  # fmt: skip


async def heard(event: Event, catalog: Catalog) -> dict[str, EnqueueJob]:
    cause = Envelope(event, "e1", "catalog", NOW, correlation_id="c1")
    bus = cast(Bus, catalog)
    deps = Deps("notifier", bus, InstanceKey(b"k" * 32), httpx.AsyncClient(), allow_private=False)
    said = await tell(cause, deps)
    return {
        following(cause, command, source="notifier", ordinal=key).id: command
        for key, command in said
        if isinstance(command, EnqueueJob)
    }


async def test_each_subscription_gets_a_job_of_its_own() -> None:
    catalog = Catalog({SubscriptionsTo: subscriptions("s1", "s2")})
    commands = list((await heard(DELETED, catalog)).values())
    specs = [command.spec for command in commands]
    assert catalog.asked == [SubscriptionsTo(event_type="video.deleted")]
    assert [spec.subscription_id for spec in specs if isinstance(spec, Notify)] == ["s1", "s2"]
    assert {command.for_subject for command in commands} == {"video/v1"}


async def test_nobody_is_told_what_nobody_wants_to_hear() -> None:
    assert await heard(DELETED, Catalog({SubscriptionsTo: subscriptions()})) == {}


async def test_a_redelivery_says_the_same_with_the_same_ids() -> None:
    first = await heard(DELETED, Catalog({SubscriptionsTo: subscriptions("s1", "s2")}))
    again = await heard(DELETED, Catalog({SubscriptionsTo: subscriptions("s1", "s2")}))
    assert first == again


async def test_a_redelivery_keeps_its_ids_though_subscriptions_have_come_and_gone() -> None:
    first = await heard(DELETED, Catalog({SubscriptionsTo: subscriptions("s1", "s2")}))
    again = await heard(DELETED, Catalog({SubscriptionsTo: subscriptions("s0", "s2")}))
    assert len(first.keys() & again.keys()) == 1


async def test_without_the_catalog_the_event_is_handed_back() -> None:
    with pytest.raises(Unavailable):
        await heard(DELETED, Catalog({}))


@pytest.mark.parametrize(
    ("asked", "told"), [(job("purge"), 1), (job("notify"), 0), (job("download", "p1"), 0)]
)
async def test_a_failed_job_is_told_unless_its_pipeline_tells_or_it_was_a_notification(
    asked: Callable[[Any], View], told: int
) -> None:
    catalog = Catalog({GetJob: asked, SubscriptionsTo: subscriptions("s1")})
    assert len(await heard(GIVEN_UP, catalog)) == told
