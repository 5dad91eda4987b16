"""`mvidarr rebuild`: make the read model again from the archive, and compare."""

import typer

from mvidarr_common.errors import Problem
from mvidarr_common.messages.system import ReadModelRebuilt

from .client import Client
from .output import say, with_client
from .parked import require_done

_LIMIT = 3600.0


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(rebuild)


def rebuild() -> None:
    """Fill new tables from the archive beside the live ones, compare them, and switch."""
    with_client(_rebuild)


async def _rebuild(client: Client) -> None:
    say("Rebuilding from the archive …", "dim")
    told = await client.tell("/system/rebuild", ReadModelRebuilt, wait=50)
    fact = told.state or await _later(client, told.pending)
    same = fact.old_checksum == fact.new_checksum
    verdict = "identical to the tables before" if same else "DIFFERENT from the tables before"
    say(f"{fact.records} records in {fact.seconds:.2f} s, generation {fact.generation}: {verdict}.")
    if not same:
        raise Problem("rebuild_differs", f"{fact.old_checksum} became {fact.new_checksum}.")


async def _later(client: Client, pending: str | None) -> ReadModelRebuilt:
    records = (await require_done(client, pending, _LIMIT)).records
    done = next((r for r in records if r.type.endswith(ReadModelRebuilt.wire)), None)
    if done is None:
        raise Problem("no_result", "The rebuild ended without telling how.")
    return ReadModelRebuilt.model_validate(done.data)
