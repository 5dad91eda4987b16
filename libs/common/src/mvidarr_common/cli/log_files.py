"""`mvidarr log export` and `log import`: the log as a file of compressed JSON lines."""

import gzip
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Value

from .client import Client
from .output import say, with_client
from .parked import require_done
from .words import size

_LARGEST = 500_000


def add_to(group: typer.Typer) -> None:
    """Add these commands to the group."""
    group.command()(export)
    group.command("import")(import_)


def export(file: Path) -> None:
    """Write every record into a file, secrets too; it is for your eyes alone."""
    with_client(lambda client: export_log(client, file))


def import_(file: Path) -> None:
    """Put the records of an export into an empty system."""
    with_client(lambda client: import_log(client, file))


async def export_log(client: Client, file: Path) -> None:
    """Every record; the file is there once it is whole."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        written = 0
        with draft.open("wb") as out:
            async for chunk in client.download("/log/export"):
                written += out.write(chunk)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    say(f"{file}: {size(written)}.")


async def import_log(client: Client, file: Path) -> None:
    """Every record of an export, into an empty system."""
    begun = await client.tell("/log/import", Value, wait=50)
    await require_done(client, begun.pending)
    count = 0
    try:
        with gzip.open(file) as lines:
            for chunk in _chunks(lines):
                await client.upload("/log/import/records", b"".join(chunk))
                count += len(chunk)
    except (OSError, EOFError) as error:
        raise Invalid("invalid_file", f"{file} cannot be read to its end: {error}") from error
    ended = await client.tell("/log/import/end", Value, {"records": count}, wait=50)
    await require_done(client, ended.pending, 3600)
    say(f"{count} records are in the log.")


def _chunks(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """As many lines as a request may hold."""
    chunk: list[bytes] = []
    for line in lines:
        if chunk and sum(map(len, chunk)) + len(line) > _LARGEST:
            yield chunk
            chunk = []
        chunk.append(line)
    if chunk:
        yield chunk
