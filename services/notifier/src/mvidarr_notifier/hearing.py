"""Turns an event worth telling into one job for each subscription that wants to hear of it."""

from mvidarr_common.bus import WorkQueue
from mvidarr_common.envelope import Envelope, fresh
from mvidarr_common.messages import Command
from mvidarr_common.messages.jobs import EnqueueJob, JobGivenUp, Notify
from mvidarr_common.messages.notify import Announcement
from mvidarr_common.messages.queries import (
    GetJob,
    JobView,
    SealedSubscription,
)

from .announcements import WORTH_TELLING, announce
from .deps import Deps

EVENTS = WorkQueue("notifier.events", tuple(f"event.{event.wire}" for event in WORTH_TELLING))


async def tell(heard: Envelope, deps: Deps) -> tuple[tuple[str, Command], ...]:
    """One `EnqueueJob(Notify)` for each subscription, keyed by it; raises Unavailable while the
    catalog is away, so that the event is handed back and told later."""
    if not await _worth_telling(heard, deps):
        return ()
    announcement = announce(heard)
    wanted = await deps.audience.of(heard.message.wire)
    return tuple((to.id, _job(announcement, to)) for to in wanted)


async def _worth_telling(heard: Envelope, deps: Deps) -> bool:
    """A failed job is told by its pipeline's end; and a notification that failed is not told of,
    or the failure of that one would be told of again, without end."""
    if not isinstance(heard.message, JobGivenUp):
        return True
    query = fresh(GetJob(id=heard.message.job_id), source=deps.source)
    job = JobView.model_validate_json(await deps.bus.ask(query.traced(heard.traceparent)))
    return job.pipeline_id is None and job.kind != "notify"


def _job(announcement: Announcement, to: SealedSubscription) -> EnqueueJob:
    spec = Notify(
        subscription_id=to.id,
        channel=to.channel,
        address=to.address,
        secret=to.secret,
        announcement=announcement,
    )
    return EnqueueJob(spec=spec, for_subject=announcement.subject)
