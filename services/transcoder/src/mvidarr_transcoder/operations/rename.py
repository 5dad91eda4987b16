"""Renaming: a film in the library gets the name and the tags that its description asks for."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import Rename, Renamed
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.embedding import embedded
from mvidarr_transcoder.moves import carry
from mvidarr_transcoder.renaming import renamed, renaming
from mvidarr_transcoder.shelving import hide_renditions


async def rename(spec: Rename, job: Job[Deps]) -> Renamed:
    """The sidecars keep what follows the stem. A film that has its name already stays."""
    root, template = job.root, job.deps.naming
    tagged = await embedded(spec.place, job, intact_only=True)
    moves = await carry(job, lambda: renaming(root, template, spec, tagged), leaving=root.library)
    hide_renditions(move.target for move in moves)
    return renamed(root, spec, tagged, moves)
