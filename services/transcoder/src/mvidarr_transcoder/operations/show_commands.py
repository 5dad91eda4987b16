"""Showing what a pipeline would run: command lines, and nothing is touched."""

from mvidarr_common.jobs import Job
from mvidarr_common.messages.jobs import CommandsShown, ShowCommands
from mvidarr_transcoder.deps import Deps
from mvidarr_transcoder.showing import shown


async def show_commands(spec: ShowCommands, job: Job[Deps]) -> CommandsShown:
    """The lines as this worker would write them."""
    return CommandsShown(steps=tuple(shown(step, job.deps.threads) for step in spec.steps))
