"""`mvidarr run <service>` and `mvidarr up`: services of this installation, one or all of them."""

import asyncio
import sys
from importlib.metadata import entry_points
from typing import Annotated, cast

import typer

from mvidarr_common.errors import LogError, Problem
from mvidarr_common.service import AnyService

GROUP = "mvidarr.services"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(run)
    app.command()(up)


def run(
    service: Annotated[
        str, typer.Argument(envvar="MVIDARR_SERVICE", help="catalog, api-gateway, downloader …")
    ],
) -> None:
    """Run one service until a signal ends it."""
    _run([load(service)])


def up() -> None:
    """Run every installed service in this process: on MVIDARR_AMQP_URL and MVIDARR_DATABASE_URL
    where they are set, else with everything embedded."""
    _run([load(name) for name in installed()])


def installed() -> tuple[str, ...]:
    """The names of the services that are installed here."""
    return tuple(sorted(entry.name for entry in entry_points(group=GROUP)))


def load(name: str) -> AnyService:
    """An installed service; raises BadParameter with the names of those that there are."""
    found = entry_points(group=GROUP, name=name)
    if not found:
        here = ", ".join(installed()) or "none"
        raise typer.BadParameter(f"no service {name!r} is installed here; there are: {here}")
    return cast("AnyService", next(iter(found)).load())


def _run(services: list[AnyService]) -> None:
    from mvidarr_common.runtime import up as serve

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(services))
    except TimeoutError:
        _end("The grace period was over before everything had ended.")
    except (Problem, LogError, ExceptionGroup) as error:
        leaves = _leaves(error)
        if not all(isinstance(leaf, Problem | LogError) for leaf in leaves):
            raise
        _end("; ".join(str(leaf) for leaf in leaves))


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    """uvloop where there is one."""
    if sys.platform == "win32":
        return None
    import uvloop

    return cast("type[asyncio.AbstractEventLoop]", uvloop.new_event_loop)


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [error]


def _end(sentence: str) -> None:
    typer.echo(f"mvidarr: {sentence}", err=True)
    raise SystemExit(1)
