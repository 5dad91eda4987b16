"""`mvidarr workers`: who works here, by the workers' own words of the last seconds."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import aclosing, suppress
from typing import Annotated

import typer

from mvidarr_common.messages.ids import WorkerId
from mvidarr_common.messages.system import WorkerAlive

from .client import Client
from .output import console, say, table, with_client

HEARTBEAT = 5.0
"""Each worker speaks this often."""


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(workers)


def workers(
    listen: Annotated[float, typer.Option(min=1, help="seconds to listen")] = HEARTBEAT + 1,
) -> None:
    """The workers that live, their slots, and what they run. Needs the role admin."""
    with_client(lambda client: _show(client, listen))


async def _show(client: Client, seconds: float) -> None:
    say(f"Listening for {seconds:g} s …", "dim")
    words = (await heard(client, seconds)).values()
    console.print(table("Worker", "Service", "Slots", "Runs", rows=_rows(words)))
    if not words:
        say("Nobody said a word: no worker runs, or they have lost the broker.", "yellow")


async def heard(client: Client, seconds: float) -> dict[WorkerId, WorkerAlive]:
    """The newest word of every worker that spoke within this time."""
    words: dict[WorkerId, WorkerAlive] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), aclosing(client.events("system")) as frames:
            async for frame in frames:
                if isinstance(word := frame.message, WorkerAlive):
                    words[word.worker_id] = word
    return words


def _rows(words: Iterable[WorkerAlive]) -> Iterator[tuple[object, ...]]:
    for word in sorted(words, key=lambda word: (word.service, word.worker_id)):
        slots = ", ".join(f"{queue} {count}" for queue, count in sorted(word.slots.items()))
        runs = ", ".join(f"{claim.job_id} (attempt {claim.attempt})" for claim in word.running)
        yield word.worker_id, word.service, "leaving" if word.leaving else slots, runs or "–"
