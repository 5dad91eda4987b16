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
