"""`mvidarr pipelines`: what follows what; run it, try it without doing it, watch, retry, cancel."""

import asyncio
import shlex
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Value
from mvidarr_common.messages.jobs import CommandsShown, ImportsFound
from mvidarr_common.messages.queries import (
    BulkView,
    JobView,
    Pipelines,
    PipelineView,
    Runs,
    RunView,
    StepView,
    VideoView,
)
from mvidarr_common.messages.work.plans import PipelinePlan

from .client import Client
from .output import Matching, console, say, state, table, with_client
from .words import clock, size

Id = Annotated[str, typer.Argument(metavar="RUN")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    group = typer.Typer(help="What follows what, and its runs.")
    for command in (show, save, delete, run, runs, watch, retry, cancel):
        group.command()(command)
    group.command("list")(list_pipelines)
    group.command("try")(try_out)
    app.add_typer(group, name="pipelines")
    app.command("import")(take_in)


def take_in(
    paths: Annotated[list[str] | None, typer.Argument(metavar="PATH…")] = None,
) -> None:
    """Take files below import/ in the server's data root into the library; they stay there, too.
    Without a path, list what lies there."""
    with_client(lambda client: _import(client, paths) if paths else _importable(client))


def list_pipelines() -> None:
    """The standard ones and your own."""
    with_client(_list)


def show(name: str) -> None:
    """A pipeline's plan as JSON: what `save` takes."""
    with_client(lambda client: _show(client, name))


def save(name: str, plan: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Make a pipeline of a plan in JSON, or change it; runs keep the plan they began with."""
    with_client(lambda client: _save(client, name, plan.read_bytes()))


def delete(name: str) -> None:
    """Forget a pipeline of your own."""
    with_client(lambda client: client.tell(f"/pipelines/{name}", Value, method="DELETE"))


def run(
    name: str,
    video: Annotated[str | None, typer.Argument(help="a video's id")] = None,
    only: Matching = None,
    everything: Annotated[bool, typer.Option("--all", help="every video")] = False,
) -> None:
    """Begin a run for one video, or for all that a filter matches."""
    with_client(lambda client: _run(client, name, video, only, everything))


def try_out(name: str, video: str) -> None:
    """Show the commands of a run, and do nothing."""
    with_client(lambda client: _try(client, name, video))


def runs(limit: Annotated[int, typer.Option(min=1, max=500)] = 30) -> None:
    """The runs, newest first."""
    with_client(lambda client: _runs(client, limit))


def watch(run: Id) -> None:
    """Follow a run until it ends."""
    with_client(lambda client: _watch(client, run))


def retry(run: Id) -> None:
    """Go on from the step that failed."""
    with_client(lambda client: client.tell(f"/runs/{run}/retry", RunView))


def cancel(
    run: Id,
    bulk: Annotated[bool, typer.Option("--bulk", help="the id is that of a run over many")] = False,
) -> None:
    """End a run with all its jobs."""
    path, view = ("bulks", BulkView) if bulk else ("runs", RunView)
    with_client(lambda client: client.tell(f"/{path}/{run}/cancel", view))


async def _import(client: Client, paths: list[str]) -> None:
    for path in paths:
        told = await client.tell("/videos/import", VideoView, {"path": path})
        say(f"{path}: {told.state.id if told.state else told.pending}")


async def _importable(client: Client) -> None:
    job = await _done(client, "/videos/import/find", None)
    found = ImportsFound.model_validate(job.result)
    rows = ((file.path, size(file.size)) for file in found.files)
    console.print(table("Below import/", "Size", rows=rows))
    if found.more:
        say(f"… and {found.more} more.", "dim")


async def _list(client: Client) -> None:
    found = (await client.get("/pipelines", Pipelines)).items
    rows = (
        (each.id, each.version or "standard", each.plan.title,
         " → ".join(step.name for step in each.plan.steps))
        for each in found
    )  # fmt: skip
    console.print(table("Name", "Version", "Title", "Steps", rows=rows))


async def _show(client: Client, name: str) -> None:
    found = await client.get(f"/pipelines/{name}", PipelineView)
    console.print_json(found.plan.model_dump_json(exclude_defaults=False))


async def _save(client: Client, name: str, plan: bytes) -> None:
    try:
        body = PipelinePlan.model_validate_json(plan).model_dump(mode="json")
    except ValidationError as wrong:
        first = wrong.errors()[0]
        at = ".".join(map(str, first["loc"]))
        raise Invalid("bad_pipeline", f"The plan is wrong at {at}: {first['msg']}.") from None
    told = await client.tell(f"/pipelines/{name}", PipelineView, body, method="PUT")
    if told.state:
        say(f"{name} is saved, version {told.state.version}.")


async def _run(
    client: Client, name: str, video: str | None, only: str | None, everything: bool
) -> None:
    if video is not None:
        run = await client.tell(f"/pipelines/{name}/run/{video}", RunView)
        say(f"Run {run.state.id if run.state else run.pending} has begun.")
        return
    if only is None and not everything:
        raise Invalid("invalid_query", "Name a video, give a --filter, or say --all.")
    bulk = await client.tell(f"/pipelines/{name}/run", BulkView, {"filter": only})
    say(f"Bulk {bulk.state.id if bulk.state else bulk.pending} has begun.")


async def _try(client: Client, name: str, video: str) -> None:
    job = await _done(client, "/pipelines/try", {"name": name, "videoId": video})
    for step in CommandsShown.model_validate(job.result).steps:
        say(f"{step.name}: {step.left_out or step.kind}", "bold" if step.kind else "dim")
        for line in step.commands:
            say(f"  {shlex.join(line)}")


async def _done(client: Client, path: str, body: object) -> JobView:
    """A job of a moment, with its result."""
    job = (await client.tell(path, JobView, body, wait=30)).state
    if job is None or job.result is None:
        why = job.failure.message if job and job.failure else "No worker has answered yet."
        raise Invalid("no_result", why)
    return job


async def _runs(client: Client, limit: int) -> None:
    found = (await client.get("/runs", Runs, limit=limit)).items
    rows = (
        (clock(run.added), state(run.state), run.name, f"{run.fraction:.0%}", run.for_subject,
         run.failure.message if run.failure else "", run.id)
        for run in found
    )  # fmt: skip
    console.print(table("Added", "State", "Pipeline", "Done", "For", "Why", "Id", rows=rows))


def _so_far(step: StepView) -> str:
    if step.state == "running" and step.fraction:
        return f"{step.name} {step.fraction:.0%}"
    return f"{step.name} {step.state}"


async def _watch(client: Client, id: str) -> None:
    last = ""
    while True:
        run = await client.get(f"/runs/{id}", RunView)
        now = f"{run.fraction:4.0%}  {', '.join(map(_so_far, run.steps))}"
        if now != last:
            say(now)
            last = now
        if run.state != "running":
            return say(f"{run.state}: {run.failure.message}" if run.failure else run.state)
        await asyncio.sleep(0.5)
