"""Fetches one video into the staging folder of its job."""

from mvidarr_common.addresses import require_public
from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Download, Downloaded

from .deps import Deps
from .fetchers import fetcher_for
from .orders import Order, Progress


async def download(spec: Download, job: Job[Deps]) -> Downloaded:
    """Fetch in a forked child; a cancelled job ends the child and everything it has started."""
    manners = job.deps.manners
    await require_public(spec.url, manners.allow_private)
    order = Order(
        url=spec.url,
        profile=spec.profile,
        root=job.root,
        into=job.staging,
        earlier=tuple(job.earlier()),
        manners=manners,
    )

    def show(progress: Progress) -> None:
        job.progress(
            progress.stage,
            done=progress.done,
            total=progress.total,
            unit="bytes" if progress.done is not None else None,
            speed=progress.speed,
            eta=progress.eta,
        )

    return await job.call(fetcher_for(spec.url).fetch, order, on_message=show)
