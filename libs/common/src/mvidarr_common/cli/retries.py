"""`mvidarr retries`: when a failed attempt of a kind of job is worth another."""

from collections.abc import Mapping
from typing import Annotated

import typer

from mvidarr_common.errors import NotFound
from mvidarr_common.messages import Value
from mvidarr_common.messages.dispatch import RetryPolicy
from mvidarr_common.messages.dispatch_queries import RetryPolicies

from .client import Client
from .output import console, say, table, with_client


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(retries)


def retries(
    kind: Annotated[str, typer.Argument(help="such as download; none shows them all")] = "",
    attempts: Annotated[int | None, typer.Option(min=1, help="in all")] = None,
    first_pause: Annotated[float | None, typer.Option(min=0, help="seconds; doubles")] = None,
    longest_pause: Annotated[float | None, typer.Option(min=0, help="seconds")] = None,
    also: Annotated[list[str] | None, typer.Option(help="an error code to try again")] = None,
    never: Annotated[list[str] | None, typer.Option(help="an error code not to")] = None,
    run_limit: Annotated[float | None, typer.Option(help="seconds an attempt may run")] = None,
) -> None:
    """Say how often a kind of job is tried, or show it; what is not given stays as it is."""
    changes = {
        "attempts": attempts, "first_pause": first_pause, "longest_pause": longest_pause,
        "also": also or None, "never": never or None, "run_limit": run_limit,
    }  # fmt: skip
    given = {name: value for name, value in changes.items() if value is not None}
    with_client(lambda client: _change(client, kind, given) if kind and given else _show(client))


async def _show(client: Client) -> None:
    found = await client.get("/retry-policies", RetryPolicies)
    rows = ((each.kind, *_cells(each.policy)) for each in found.items)
    console.print(
        table("Kind", "Attempts", "Pauses (s)", "Runs (s)", "Also", "Never", rows=rows)
    )  # fmt: skip


def _cells(policy: RetryPolicy) -> tuple[object, ...]:
    pauses = f"{policy.first_pause:g} to {policy.longest_pause:g}"
    limit = "" if policy.run_limit is None else f"{policy.run_limit:g}"
    return policy.attempts, pauses, limit, ", ".join(policy.also), ", ".join(policy.never)


async def _change(client: Client, kind: str, given: Mapping[str, object]) -> None:
    found = await client.get("/retry-policies", RetryPolicies)
    known = {each.kind: each.policy for each in found.items}
    if kind not in known:
        raise NotFound("kind_not_found", f"There are no jobs of the kind {kind}.")
    body = known[kind].model_copy(update=given).model_dump(mode="json", by_alias=True)
    told = await client.tell(f"/retry-policies/{kind}", Value, body, method="PUT")
    later = f"It will be decided later (command {told.pending})."
    say("It is so." if told.pending is None else later)
