"""`mvidarr why FILE`: how a file on disk came to be there, told from the beginning."""

from pathlib import Path

import typer

from mvidarr_common.messages.queries import FileView, RecordView

from .client import Client
from .history import history_of
from .output import say, with_client
from .sentences import sentence
from .words import stamp


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(why)


def why(file: Path) -> None:
    """Why a file is there: who asked, what followed from what, and what became of it."""
    with_client(lambda client: _why(client, file))


async def _why(client: Client, path: Path) -> None:
    file = await client.get("/files/at", FileView, path=str(path))
    records = await history_of(client, f"file/{file.id}")
    say(f"{file.rendition.path}, {file.quality}, {file.state}; video {file.video_id}.", "bold")
    for record in story_of(records, file.id):
        say(f"{stamp(record.time)}  {sentence(record)}")


def story_of(records: list[RecordView], file_id: str) -> list[RecordView]:
    """What led to the file, cause before consequence, and then everything about itself."""
    own = [each for each in records if each.subject == f"file/{file_id}"]
    chain = causes_of(records, own[0]) if own else []
    return chain + [each for each in own if each not in chain]


def causes_of(records: list[RecordView], last: RecordView) -> list[RecordView]:
    """The record and what it followed from, the beginning first."""
    by_id = {record.id: record for record in records}
    chain = [last]
    while cause := by_id.get(chain[0].causation_id or ""):
        if cause in chain:
            break
        chain.insert(0, cause)
    return chain
