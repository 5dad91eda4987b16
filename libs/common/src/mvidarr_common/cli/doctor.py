"""`mvidarr doctor`: looks at everything that MVidarr needs here, and says what is wrong."""

import asyncio

import typer
from pydantic import ValidationError

from mvidarr_common.settings import PREFIX, Settings

from .examinations import EXAMINATIONS
from .examinations.finding import Finding
from .output import cell, console, table
from .run import installed, load

MARKS = {"well": ("✓", "green"), "note": ("–", "yellow"), "wrong": ("✗", "red")}


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(doctor)


def doctor() -> None:
    """Examine settings, instance key, broker, database, clock, disk and programs of this machine.
    Changes nothing; ends with 1 if anything is wrong."""
    findings = misconfigured() or asyncio.run(examine())
    rows = ((cell(*MARKS[each.verdict]), each.about, each.sentence) for each in findings)
    console.print(table("", "What", "Finding", rows=rows))
    if any(each.verdict == "wrong" for each in findings):
        raise typer.Exit(1)


def misconfigured() -> list[Finding]:
    """What the settings of the services that are installed here refuse."""
    found: dict[str, Finding] = {}
    for name in installed():
        try:
            load(name).settings()
        except (ValidationError, OSError) as error:
            for about, sentence in _refused(error):
                found[about] = Finding(about, "wrong", sentence)
    return list(found.values())


async def examine() -> list[Finding]:
    """Everything that the examinations find, in their order."""
    settings = Settings()
    return [finding for look in EXAMINATIONS async for finding in look(settings)]


def _refused(error: ValidationError | OSError) -> list[tuple[str, str]]:
    if isinstance(error, OSError):
        return [("settings", f"A file that a setting names cannot be read: {error}.")]
    return [
        (f"{PREFIX}{'.'.join(map(str, each['loc'])).upper()}", f"{each['msg']}.")
        for each in error.errors(include_url=False, include_input=False)
    ]
