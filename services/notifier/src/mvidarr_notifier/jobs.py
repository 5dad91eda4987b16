"""Sends one announcement to one subscriber."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Notified, Notify
from mvidarr_common.messages.notify import Announcement
from mvidarr_common.secrets import InstanceKey

from .channels import Means, Parcel, channel
from .deps import Deps


async def notify(spec: Notify, job: Job[Deps]) -> Notified:
    """Send it over the subscription's channel, under the job's id in every attempt."""
    key = job.deps.key
    parcel = Parcel(
        delivery=job.id,
        announcement=_whole(spec, key),
        address=key.unseal(spec.address),
        secret=key.unseal(spec.secret) if spec.secret else None,
    )
    means = Means(job.deps.http, job.call, job.deps.allow_private)
    return Notified(status=await channel(spec.channel).send(parcel, means))


def _whole(spec: Notify, key: InstanceKey) -> Announcement:
    """With what is for the reader alone."""
    if spec.sealed is None:
        return spec.announcement
    body = f"{spec.announcement.body}\n\n{key.unseal(spec.sealed)}"
    return spec.announcement.model_copy(update={"body": body})
