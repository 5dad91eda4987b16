"""`mvidarr messages`: the language that the services speak, as a table or as documentation."""

from typing import Annotated

import orjson
import typer

from mvidarr_common import catalogue

from .output import console, table


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(messages)


def messages(
    markdown: Annotated[bool, typer.Option(help="Print the page docs/messages.md.")] = False,
    asyncapi: Annotated[bool, typer.Option(help="Print an AsyncAPI 3.0 document.")] = False,
) -> None:
    """Every message that the services exchange."""
    if markdown:
        typer.echo(catalogue.markdown(), nl=False)
    elif asyncapi:
        typer.echo(orjson.dumps(catalogue.asyncapi(), option=orjson.OPT_INDENT_2))
    else:
        _print_table()


def _print_table() -> None:
    columns = ("Type", "Version", "About", "Says")
    rows = ((e.type, e.version, e.subject, e.says) for e in catalogue.entries())
    console.print(table(*columns, rows=rows))
