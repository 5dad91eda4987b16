"""How commands speak: one console, tables, and one line for a problem with exit code 1."""

import asyncio
import os
import sys
import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, TextIO, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mvidarr_common.errors import Problem

from .access import access
from .client import Client, open_client

T = TypeVar("T")
Matching = Annotated[
    str | None, typer.Option("--filter", help='such as "state = failed and added > 2026-01-31"')
]
"""The option of every list that can be filtered; see docs/filters.md."""
_WIDE = 160
_LOG_IN = ("unauthenticated", "token_expired")


def _console(stream: TextIO) -> Console:
    """As wide as the terminal; a pipe or a file has no edge at which lines should break."""
    width = None if stream.isatty() or "COLUMNS" in os.environ else _WIDE
    return Console(stderr=stream is sys.stderr, width=width, highlight=False)


console = _console(sys.stdout)
errors = _console(sys.stderr)

STYLES = {
    "ready": "green", "completed": "green", "failed": "red", "cancelled": "yellow",
    "acquiring": "cyan", "running": "cyan", "queued": "blue", "waiting": "blue",
    "wanted": "blue", "ignored": "dim", "deleted": "dim",
}  # fmt: skip


def plain(text: object) -> str:
    """Text from outside without the control characters that could play with a terminal."""
    return "".join(
        "�" if unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\t\u200d" else c
        for c in str(text)
    )


def cell(text: object, style: str = "") -> Text:
    """Text that is shown as it is: no markup in it counts."""
    return Text(plain("" if text is None else text), style=style)


def state(name: str) -> Text:
    """A state in its colour."""
    return Text(name, style=STYLES.get(name, ""))


def table(*columns: str, rows: Iterable[Iterable[object]], title: str | None = None) -> Table:
    """A table; cells that are no Text are taken literally."""
    made = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(item if isinstance(item, Text) else cell(item) for item in row))
    return made


def say(text: str, style: str = "") -> None:
    """One line."""
    console.print(cell(text, style), soft_wrap=True)


def complain(problem: Problem) -> None:
    """One line on the error output."""
    hint = " Log in with `mvidarr login`." if problem.code in _LOG_IN else ""
    errors.print(cell(f"mvidarr: {problem.message}{hint} ({problem.code})", "red"), soft_wrap=True)


def with_client(action: Callable[[Client], Awaitable[T]]) -> T:
    """Run a command's work against the server; a problem ends it with exit code 1."""

    async def work() -> T:
        async with open_client(access()) as client:
            return await action(client)

    return run(work)


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Run it; a problem is one line and exit code 1, Ctrl-C is 130, cancelled is 143."""

    async def whole() -> T:
        return await work()

    try:
        return asyncio.run(whole())
    except Problem as problem:
        complain(problem)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except asyncio.CancelledError:
        raise typer.Exit(143) from None
