"""`mvidarr site`: how the downloader behaves towards single sites, their cookies and logins."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mvidarr_common.errors import Invalid
from mvidarr_common.messages import Value
from mvidarr_common.messages.queries import Sites, SiteView
from mvidarr_common.secrets import instance_key
from mvidarr_common.settings import Settings
from mvidarr_common.site_secrets import first_expiry

from .client import Client
from .output import cell, console, run, say, table, with_client
from .words import stamp

group = typer.Typer(help="How to behave towards single sites.", no_args_is_help=True)


class Empty(Value):
    """No answer but that it is done."""


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group, name="site")


@group.command("list")
def list_sites() -> None:
    """What is set for which site."""
    with_client(_list)


@group.command("set")
def set_site(
    name: Annotated[str, typer.Argument(help="a host; it holds for those below it, too")],
    cookies: Annotated[Path | None, typer.Option(help="a file, as browsers export them")] = None,
    username: Annotated[str | None, typer.Option(help="the password is read from stdin")] = None,
    proxy: Annotated[str | None, typer.Option(help="http://… or socks5://…")] = None,
    user_agent: Annotated[str | None, typer.Option(help="what the site sees")] = None,
    impersonate: Annotated[str | None, typer.Option(help="a browser, such as chrome")] = None,
    rate: Annotated[int | None, typer.Option(help="bytes a second for each download")] = None,
    country: Annotated[str | None, typer.Option(help="two letters, told to the site")] = None,
    argument: Annotated[list[str] | None, typer.Option(help="EXTRACTOR:NAME=VALUE,VALUE")] = None,
) -> None:
    """Behave so towards a site, in place of what was set before. Secrets are sealed."""
    plain = {"userAgent": user_agent, "impersonate": impersonate, "rate": rate, "country": country}
    password = sys.stdin.readline().rstrip("\n") if username else None
    secret = {"username": username, "password": password, "proxy": proxy}
    text = cookies.read_text() if cookies else None
    body = {**plain, **secret, "cookies": text, "arguments": run(lambda: _parsed(argument or []))}
    given = {key: value for key, value in body.items() if value is not None}
    with_client(lambda client: client.tell(f"/sites/{name}", SiteView, given, method="PUT"))
    say(f"From the next attempt on this holds for {name}.")


@group.command()
def forget(name: str) -> None:
    """Behave towards a site as towards all others."""
    with_client(lambda client: client.tell(f"/sites/{name}", Empty, method="DELETE"))


@group.command()
def seal(cookies: Annotated[Path, typer.Argument(help="a file, as browsers export them")]) -> None:
    """Print a file of cookies sealed with the instance key, for MVIDARR_DOWNLOAD_COOKIES."""
    typer.echo(instance_key(Settings()).seal(cookies.read_text()))
    if (ends := first_expiry(cookies.read_text())) and ends < datetime.now(UTC):
        say(f"Some of them have expired on {stamp(ends)}.", "yellow")


async def _list(client: Client) -> None:
    found = (await client.get("/sites", Sites)).items
    console.print(table("Site", "Holds", "Cookies until", "Set", rows=map(_row, found)))


def _row(site: SiteView) -> tuple[object, ...]:
    profile, now = site.profile, datetime.now(UTC)
    until = profile.cookies_until
    ends = cell(stamp(until) if until else "", "red" if until and until < now else "")
    names = ("user_agent", "impersonate", "rate", "country", "arguments")
    rest = [f"{name}={value}" for name in names if (value := getattr(profile, name))]
    return site.id, ", ".join(profile.holds), ends, ", ".join(rest)


async def _parsed(arguments: list[str]) -> dict[str, dict[str, list[str]]]:
    parsed: dict[str, dict[str, list[str]]] = {}
    for argument in arguments:
        extractor, colon, rest = argument.partition(":")
        name, equals, values = rest.partition("=")
        if not (colon and equals and extractor and name):
            raise Invalid("invalid_argument", "An argument is EXTRACTOR:NAME=VALUE,VALUE.")
        parsed.setdefault(extractor, {})[name] = values.split(",")
    return parsed
