"""`mvidarr jobs`: what is to be done, is being done and was done; with `--watch`, live."""

from contextlib import aclosing
from typing import Annotated

import typer

from mvidarr_common.messages.queries import Jobs, JobView, Videos

from .client import Client
from .live import Board
from .output import Matching, cell, console, say, state, table, with_client
from .words import clock


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(jobs)


def jobs(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="live bars, until Ctrl-C")] = False,
    only: Annotated[str | None, typer.Option("--state", help="waiting, running, failed …")] = None,
    matching: Matching = None,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 30,
) -> None:
    """The jobs, newest first."""
    with_client(lambda client: _watch(client) if watch else _list(client, only, matching, limit))


async def _list(client: Client, only: str | None, matching: str | None, limit: int) -> None:
    page = await client.get("/jobs", Jobs, state=only, filter=matching, limit=limit)
    console.print(jobs_table(page.items))


async def _watch(client: Client) -> None:
    events = client.events("jobs", "library")
    async with aclosing(events):
        with Board(console) as board:
            await anext(events)
            await _fill(client, board)
            say("Watching; Ctrl-C ends it.", "dim")
            async for frame in events:
                if (message := frame.message) is not None:
                    board.hear(message)


async def _fill(client: Client, board: Board) -> None:
    """What is there already, with names."""
    for video in (await client.get("/videos", Videos, limit=500)).items:
        board.know(video)
    for job in (await client.get("/jobs", Jobs, state="running", limit=500)).items:
        board.show(job)


def jobs_table(jobs: tuple[JobView, ...]) -> object:
    """Jobs as people see them."""
    return table("Added", "State", "Kind", "For", "Try", "Took", "Why", "Id", rows=map(_row, jobs))


def _row(job: JobView) -> tuple[object, ...]:
    took = f"{(job.ended - job.started).total_seconds():.1f} s" if job.ended and job.started else ""
    why = cell(f"{job.failure.message} ({job.failure.code})" if job.failure else "", "dim")
    subject = job.for_subject or ""
    return clock(job.added), state(job.state), job.kind, subject, job.attempt, took, why, job.id
