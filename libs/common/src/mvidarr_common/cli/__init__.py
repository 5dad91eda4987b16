"""The command `mvidarr`. A group of commands is a module here with `register(app)`, and a word."""

import gc
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

GROUPS = (
    "run", "demo", "login", "library", "jobs", "job", "pipelines", "workers", "queues", "retries",
    "history", "why", "undo", "what_if", "log", "parked", "rebuild", "messages", "settings", "site",
    "doctor", "backup", "keys",
)  # fmt: skip
SERVING = (["run"], ["up"])
NOT_FOR_SERVICES = ("httpx._main", "pydantic.v1")
"""What httpx imports for a command line of its own, and FastAPI in order to refuse old models, take
a tenth of the start of a gateway. Both do without where it is not installed."""


def app(groups: Sequence[str] = GROUPS) -> typer.Typer:
    """The whole command line, or some of it."""
    made = typer.Typer(
        name="mvidarr", help="A library of music videos that fills itself.",
        no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    )  # fmt: skip
    for group in groups:
        import_module(f".{group}", __name__).register(made)
    return made


def main() -> None:
    """The entry point. What is imported stays: Python's own 700 would look through it for garbage
    hundreds of times. A service imports no commands for people, which is a third of its start."""
    gc.set_threshold(50_000, 20, 20)
    serving = sys.argv[1:2] in SERVING
    if serving:
        for name in NOT_FOR_SERVICES:
            sys.modules[name] = None  # type: ignore[assignment]  # Python's way to say: there is none
    app(("run",) if serving else GROUPS)()
