"""One request is one trace, through every process that has to do with it."""

import pytest

from mvidarr_common.cli.client import open_client
from mvidarr_common.demo.receiver import Receiver
from mvidarr_common.demo.site import Site
from mvidarr_common.messages.queries import SubscriptionView
from mvidarr_common.testing.conditions import eventually
from mvidarr_common.testing.outside import add, ended, transcoding_profile
from mvidarr_common.testing.system import System
from mvidarr_common.testing.traces import Collector, Seen

pytestmark = pytest.mark.timeout(240)

REQUEST = "POST /api/v1/videos"
MESSAGING = (
    "messaging.system", "messaging.operation.name", "messaging.operation.type",
    "messaging.destination.name", "messaging.destination.template", "messaging.client.id",
    "server.address", "server.port",
)  # fmt: skip
MESSAGE = (
    "messaging.message.id", "messaging.message.conversation_id",
    "messaging.rabbitmq.destination.routing_key", "cloudevents.event_id", "cloudevents.event_type",
    "cloudevents.event_source", "cloudevents.event_subject", "cloudevents.event_spec_version",
)  # fmt: skip
CAME = ("messaging.rabbitmq.message.delivery_tag", "messaging.consumer.group.name")
JOB = tuple(
    f"mvidarr.job.{name}" for name in ("id", "kind", "attempt", "delivery_count", "adopted")
)
BATCH = ("messaging.batch.message_count", "mvidarr.log.offset", "messaging.consumer.group.name")
AGREED = {
    "publish mvidarr": ("PRODUCER", (*MESSAGING, *MESSAGE)),
    "process mvidarr.log": ("CONSUMER", (*MESSAGING, *BATCH)),
    "process jobs.download": ("CONSUMER", (*MESSAGING, *MESSAGE, *CAME, *JOB)),
    "run download": ("INTERNAL", ()),
    "ack jobs.download": ("CLIENT", (*MESSAGING, *MESSAGE, *CAME)),
    "process notifier.events": ("CONSUMER", (*MESSAGING, *MESSAGE, *CAME)),
    "ask catalog.queries": ("CLIENT", (*MESSAGING, *MESSAGE, "mvidarr.query")),
    "answer catalog.queries": (
        "SERVER", (*MESSAGING, *MESSAGE, "mvidarr.query", "mvidarr.position"),
    ),
}  # fmt: skip
"""Spans by their names: of which kind they are, and what each says. Whoever reads traces builds
on it."""


async def test_one_trace_leads_from_the_request_to_the_last_ffmpeg_and_the_notification(
    separate: System, collector: Collector, site: Site, receiver: Receiver
) -> None:
    async with open_client(separate.log_in(), patience=60) as client:
        profile = await transcoding_profile(client, "webm_web")
        to = {"name": "traced", "channel": "webhook", "address": receiver.url, "secret": "s" * 16}
        await client.tell("/subscriptions", SubscriptionView, to | {"events": ["video.ready"]})
        added = await add(client, site.url("clip"), profile)
        [video] = await ended(client, [added.id])
        assert video.state == "ready"
        await receiver.wait_for(1)

    def notified() -> list[Seen]:
        [request] = [s for s in requests(collector) if added.id in about(s, collector)]
        spans = collector.trace(request.trace)
        assert "process jobs.notify" in {span.name for span in spans}
        assert parentless(spans) == [request]
        return spans

    spans = await eventually(notified, 30, every=0.2)
    assert {span.service for span in spans} == {
        "api-gateway", "catalog", "downloader", "transcoder", "notifier",
    }  # fmt: skip
    names = {(span.service, span.name) for span in spans}
    assert {("catalog", "fold"), ("catalog", "decide")} <= names
    assert "decide" in above(spans, "run download")
    assert {
        ("api-gateway", "publish mvidarr"),
        ("downloader", "run download"),
        ("downloader", "ack jobs.download"),
        ("transcoder", "run verify"),
        ("transcoder", "run transcode"),
        ("transcoder", "run place"),
        ("notifier", "run notify"),
    } <= names
    assert "run transcode" in below(spans, "ffmpeg")
    commands = [span for span in spans if span.name == "ffmpeg"]
    assert {span.attributes["process.exit.code"] for span in commands} == {"0"}
    stages = {event.get("mvidarr.job.stage") for span in spans for event in span.events}
    assert "extracting" in stages, stages


async def test_spans_say_what_they_are_about_in_the_words_of_opentelemetry(
    separate: System, collector: Collector, site: Site
) -> None:
    async with open_client(separate.log_in(), patience=60) as client:
        [video] = await ended(client, [(await add(client, site.url("clip"))).id])
        assert video.state == "ready"

    def told() -> bool:
        names = {span.name for span in tuple(collector.spans)}
        return set(AGREED) <= names

    await eventually(told, 30, every=0.2)
    for name, (kind, attributes) in AGREED.items():
        for span in [span for span in tuple(collector.spans) if span.name == name]:
            if "error.type" in span.attributes:
                continue
            assert span.kind == kind, span
            assert set(attributes) <= set(span.attributes), span
    named = {span.attributes.get("messaging.destination.name") for span in tuple(collector.spans)}
    assert {
        "mvidarr:event.job.queued.download:jobs.download",
        "mvidarr:command.video.add",
        "mvidarr.log",
        "catalog.queries",
    } <= named


async def test_what_the_outbox_publishes_points_at_the_traces_that_it_belongs_to(
    separate: System, collector: Collector
) -> None:
    separate.log_in()
    published = [
        span
        for span in tuple(collector.spans)
        if (span.service, span.name) == ("catalog", "publish mvidarr")
    ]
    decided = {span.id for span in tuple(collector.spans) if span.name == "decide"}
    pointing = [span for span in published if span.links]
    assert {span.parent for span in pointing} == {""}
    assert any(span.links & decided for span in pointing)


async def test_a_batch_of_the_brain_points_at_its_messages_and_ends_with_a_commit(
    separate: System, collector: Collector
) -> None:
    separate.log_in()
    batches = await eventually(lambda: batches_with_commit(collector), 30, every=0.2)
    for batch, decided in batches:
        assert batch.service == "catalog"
        assert int(batch.attributes["messaging.batch.message_count"]) >= len(decided)
        assert {span.parent for span in decided} <= {*batch.links, batch.id}


def batches_with_commit(collector: Collector) -> list[tuple[Seen, list[Seen]]]:
    """Each with the decisions that were made in it."""
    spans = tuple(collector.spans)
    committed = {span.parent for span in spans if span.name == "commit"}
    batches = [span for span in spans if span.name == "process mvidarr.log"]
    return [
        (batch, [span for span in spans if span.name == "decide" and batch.id in span.links])
        for batch in batches
        if batch.id in committed
    ]


def requests(collector: Collector) -> list[Seen]:
    """The requests that add a video."""
    return [span for span in tuple(collector.spans) if span.name == REQUEST]


def about(request: Seen, collector: Collector) -> set[str]:
    """The ids of the things that the messages of a request's trace are about."""
    subjects = [
        s.attributes.get("cloudevents.event_subject") for s in collector.trace(request.trace)
    ]
    return {subject.partition("/")[2] for subject in subjects if subject}


def parentless(spans: list[Seen]) -> list[Seen]:
    """The spans whose parent has not been told of."""
    known = {span.id for span in spans}
    return [span for span in spans if span.parent not in known]


def below(spans: list[Seen], name: str) -> set[str]:
    """What the spans of this name are children of."""
    by_id = {span.id: span for span in spans}
    return {by_id[span.parent].name for span in spans if span.name == name}


def above(spans: list[Seen], name: str) -> set[str]:
    """What a span of this name follows from, up to the request."""
    by_id = {span.id: span for span in spans}
    at: Seen | None = next(span for span in spans if span.name == name)
    found = set()
    while at:
        at = by_id.get(at.parent)
        found |= {at.name} if at else set()
    return found
