"""`mvidarr keys`: another instance key in place of the one in use, without a break.

With several processes: `prepare`, give the file to all and restart them; `rotate`, again; `reseal`;
and when no token and no job of before is left, `forget`. One process: `rotate`, restart, `reseal`.
"""

from typing import Annotated

import typer

from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Value
from mvidarr_common.secrets import instance_key, key_path, keys_in, new_key, write_keys
from mvidarr_common.settings import Settings

from .client import Client
from .output import run, say, with_client

group = typer.Typer(help="Another instance key, without a break.", no_args_is_help=True)


class Resealing(Value):
    """How many secrets another key had sealed."""

    resealed: int


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="keys")


@group.command()
def prepare() -> None:
    """Make a key that is known and not yet used."""
    known = run(_kept)
    _keep((*known, new_key()))


@group.command()
def rotate(
    prepared: Annotated[
        bool, typer.Option(help="the one that was prepared; else a new one")
    ] = False,
) -> None:
    """Use another key from the next start on; what the others have sealed and signed holds."""
    known = run(_kept)
    if not prepared:
        _keep((new_key(), *known))
    elif len(known) > 1:
        _keep((known[-1], *known[:-1]))
    else:
        run(_nothing_prepared)


@group.command()
def reseal() -> None:
    """Have the server seal every secret anew with the key that it uses."""
    with_client(_reseal)


@group.command()
def forget() -> None:
    """Keep the key in use alone: what others have sealed or signed opens nothing any more."""
    _keep(run(_kept)[:1])


async def _reseal(client: Client) -> None:
    told = await client.tell("/system/reseal", Resealing)
    say(f"{told.state.resealed if told.state else 0} secrets are sealed anew.")


async def _kept() -> tuple[str, ...]:
    settings = Settings()
    if settings.instance_key is not None:
        raise Invalid(
            "instance_key_configured",
            "The key is configured, not kept here. Put a new one before it in "
            "MVIDARR_INSTANCE_KEY, with a comma between them, and seal anew.",
        )
    instance_key(settings)
    return keys_in(key_path(settings).read_text())


async def _nothing_prepared() -> None:
    raise Invalid("nothing_prepared", "No key is prepared; see `mvidarr keys prepare`.")


def _keep(keys: tuple[str, ...]) -> None:
    path = key_path(Settings())
    write_keys(path, keys)
    say(f"{path} holds {len(keys)} keys; the first is used from the next start on.")
