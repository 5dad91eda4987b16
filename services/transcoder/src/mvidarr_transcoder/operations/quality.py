"""Quality: one score with its parts, and how like its reference a film is."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Quality, QualityFound
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.sources import existing
from mvidarr_transcoder.stall import ending_when_stalled
from mvidarr_transcoder.weighing import liken, stages, weigh


async def quality(spec: Quality, job: Job[Deps]) -> QualityFound:
    """The reference is measured here; the film's own facts come with the job."""
    source = existing(job.root, spec.path)
    compares = spec.reference is not None and spec.facts.picture is not None
    job.stages(*stages(spec.facts), *([("liken", 10.0)] if compares else []))
    found = await weigh(job, source, spec.facts)
    if spec.reference is None or spec.facts.picture is None:
        return found
    reference = existing(job.root, spec.reference)
    async with ending_when_stalled(job.deps):
        of = await job.ask(measure, str(reference))
    return found.model_copy(update={"likeness": await liken(job, source, reference, of)})
