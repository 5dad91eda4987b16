"""Is this film better than that one? A verdict with reasons, for upgrades."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Compared, IsBetter
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.judging import better
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.weighing import stages, weigh


async def is_better(spec: IsBetter, job: Job[Deps]) -> Compared:
    """Both are measured in the same way, one after the other."""
    this, than = existing(job.root, spec.path), existing(job.root, spec.than)
    job.stages(*stages(spec.facts), *stages(spec.than_facts))
    return better(await weigh(job, this, spec.facts), await weigh(job, than, spec.than_facts))
