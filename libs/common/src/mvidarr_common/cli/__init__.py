"""The command `mvidarr`. A group of commands is a module here with `register(app)`, and a line."""

import typer

from . import (
    backup,
    demo,
    doctor,
    history,
    job,
    jobs,
    keys,
    library,
    log,
    login,
    messages,
    parked,
    pipelines,
    queues,
    rebuild,
    retries,
    run,
    settings,
    site,
    undo,
    what_if,
    why,
    workers,
)

GROUPS = (
    run, demo, login, library, jobs, job, pipelines, workers, queues, retries, history, why, undo,
    what_if, log, parked, rebuild, messages, settings, site, doctor, backup, keys,
)  # fmt: skip


def app() -> typer.Typer:
    """The whole command line."""
    made = typer.Typer(
        name="mvidarr", help="A library of music videos that fills itself.",
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    )  # fmt: skip
    for group in GROUPS:
        group.register(made)
    return made


def main() -> None:
    """The entry point."""
    app()()
