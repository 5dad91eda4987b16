"""`mvidarr queues`, `queue`, `pace`, `quota`: what waits for whom, and the rules it waits by."""

from collections.abc import Mapping
from typing import Annotated

import typer

from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Value
from mvidarr_common.messages.dispatch import Pace, Schedule, Window
from mvidarr_common.messages.dispatch_queries import Paces, PaceView, Queues, QueueView, Quotas

from .client import Client
from .output import console, say, table, with_client
from .words import stamp

STATES = ("waiting", "queued", "running", "paused")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DONE = "It is so."


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (queues, queue, pace, quota):
        app.command()(command)


def queues() -> None:
    """The jobs that have not ended, by queue; which queues are open, and the rules of sites."""
    with_client(_show)


def queue(
    name: Annotated[str, typer.Argument(help="its name, or all")],
    pause: Annotated[
        bool | None, typer.Option("--pause/--resume", help="send nothing out, or again")
    ] = None,
    hours: Annotated[
        list[str] | None,
        typer.Option(help='"mon,tue 22:00-06:00", "daily 01:00-05:00", or "always"; several'),
    ] = None,
    zone: Annotated[str, typer.Option(help="whose clocks count")] = "UTC",
) -> None:
    """Pause or resume a queue, or say at which hours it works."""
    with_client(lambda client: _change_queue(client, name, pause, hours, zone))


def pace(
    name: Annotated[str, typer.Argument(help="its host name, or all for those without rules")],
    at_once: Annotated[int | None, typer.Option(min=1, help="jobs at once")] = None,
    per_minute: Annotated[float | None, typer.Option(help="jobs a minute, on average")] = None,
    burst: Annotated[int, typer.Option(min=1, help="of them without a pause between")] = 1,
) -> None:
    """Say how much a site is asked, over all workers; what is not given has no limit of its own."""
    rules = {"atOnce": at_once, "perMinute": per_minute, "burst": burst}
    with_client(lambda client: _put(client, f"/paces/{name}", rules))


def quota(
    requester: Annotated[str, typer.Argument(help="such as user/ID; all for the rest")] = "",
    most: Annotated[int | None, typer.Option("--open", min=0, help="jobs not ended")] = None,
    at_once: Annotated[int | None, typer.Option(min=1, help="jobs with the workers")] = None,
) -> None:
    """Say what one requester may have; without one, show who may have and has what."""
    if requester:
        rules = {"open": most, "atOnce": at_once}
        with_client(lambda client: _put(client, f"/quotas/{requester}", rules))
    else:
        with_client(_show_quotas)


async def _show(client: Client) -> None:
    found = await client.get("/queues", Queues)
    rows = (
        (each.queue, *(each.jobs.get(state, 0) for state in STATES), *_opening(each))
        for each in found.items
    )
    console.print(
        table("Queue", "Waiting", "Queued", "Running", "Paused", "Sends", "Hours", rows=rows)
    )
    sites = await client.get("/paces", Paces)
    if sites.items:
        console.print(
            table(
                "Site", "At once", "Per minute", "Burst", "Left alone until", "Because",
                rows=map(_site, sites.items),
            )
        )  # fmt: skip


def _opening(queue: QueueView) -> tuple[str, str]:
    return "no" if queue.paused else "yes", _spelled(queue.schedule)


def _spelled(schedule: Schedule) -> str:
    if not schedule.windows:
        return "always"
    hours = ", ".join(
        f"{','.join(window.days)} {window.begins}-{window.ends}" for window in schedule.windows
    )
    return f"{hours} {schedule.zone}"


def _site(site: PaceView) -> tuple[object, ...]:
    rules = site.rules or Pace()
    until = max((time for time in (site.paused_until, site.free_at) if time), default=None)
    return (
        site.site, rules.at_once or "", rules.per_minute or "", rules.burst,
        stamp(until) if until else "", site.reason or "",
    )  # fmt: skip


async def _change_queue(
    client: Client, name: str, pause: bool | None, hours: list[str] | None, zone: str
) -> None:
    changes: dict[str, object] = {} if pause is None else {"paused": pause}
    if hours:
        schedule = Schedule(windows=tuple(map(_window, _wanted(hours))), zone=zone)
        changes["schedule"] = schedule.model_dump(mode="json")
    told = await client.tell(f"/queues/{name}", Value, changes, method="PATCH")
    say(_DONE if told.pending is None else f"It will be decided later (command {told.pending}).")


def _wanted(hours: list[str]) -> list[str]:
    return [] if hours == ["always"] else hours


def _window(text: str) -> Window:
    """Raises Invalid for what is none."""
    days, _, span = text.partition(" ")
    begins, _, ends = span.partition("-")
    try:
        return Window.model_validate(
            {
                "days": DAYS if days == "daily" else days.split(","),
                "begins": begins.strip(),
                "ends": ends.strip(),
            }
        )
    except ValueError as error:
        raise Invalid("invalid_hours", f"{text!r} is not like mon,tue 22:00-06:00.") from error


async def _put(client: Client, path: str, body: Mapping[str, object]) -> None:
    told = await client.tell(path, Value, body, method="PUT")
    say(_DONE if told.pending is None else f"It will be decided later (command {told.pending}).")


async def _show_quotas(client: Client) -> None:
    found = await client.get("/quotas", Quotas)
    rows = (
        (
            each.requester,
            each.open_jobs,
            each.rules.open if each.rules else "",
            each.rules.at_once if each.rules else "",
        )
        for each in found.items
    )
    console.print(table("Requester", "Open jobs", "May have", "At once", rows=rows))
