"""`mvidarr demo`: shows on real media that everything works, and ends with what it counted."""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from mvidarr_common.cli.output import run, say

from .instance import ground, place_in
from .story import tell_story


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(demo)


def demo(
    urls: Annotated[
        list[str] | None, typer.Argument(envvar="URLS", help="pages to fetch instead of samples")
    ] = None,
    keep: Annotated[
        str, typer.Option(envvar="KEEP", help="1: leave it running, and say where")
    ] = "",
    folder: Annotated[
        Path | None, typer.Option(envvar="FOLDER", help="where it keeps what it has")
    ] = None,
    deadline: Annotated[float, typer.Option(help="seconds until it is called too slow")] = 0,
) -> None:
    """Start everything, fetch three sample videos (or yours), and count what was lost."""
    stays = keep not in ("", "0", "no", "false")
    whole = folder or Path(tempfile.mkdtemp(prefix="mvidarr-demo-"))
    limit = deadline or (1800 if urls else 240)
    say(ground(), "bold")
    try:
        verdict = run(lambda: tell_story(place_in(whole), urls or (), stays, limit))
    except typer.Exit:
        say(f"What it wrote is in {whole}, its log in {whole / 'mvidarr.log'}.")
        raise
    if folder is None and not stays:
        shutil.rmtree(whole, ignore_errors=True)
    say(verdict)
