"""`mvidarr login` and `logout`: an API key for the commands that follow."""

import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import typer

from mvidarr_common.errors import Problem, Unauthorized
from mvidarr_common.messages import Value

from .access import Access, access, store_token, token_file
from .client import open_client
from .output import run, say

LASTS = timedelta(days=365)


class Me(Value):
    """Who is asking."""

    role: str


class NewKey(Value):
    """A key that was just made."""

    key: str


class Nothing(Value):
    """No answer but that it is done."""


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(login)
    app.command()(logout)


def login(
    username: str = typer.Argument("admin"),
    password_stdin: bool = typer.Option(
        False, help="read the password from standard input, and on a second line a code"
    ),
) -> None:
    """Log in at the server, and keep an API key for the commands that follow."""
    if password_stdin:
        password, code = _line(), _line() or None
    else:
        password, code = typer.prompt("Password", hide_input=True), None
    run(lambda: _login(username, password, code, ask=not password_stdin))


def logout() -> None:
    """End the stored key, and forget it."""
    run(_end)
    store_token(access().address, None)


async def enter(address: str, username: str, password: str, code: str | None = None) -> Access:
    """What opens the server to this user for a year: tokens of a session are for minutes."""
    async with open_client(Access(address)) as client:
        token = await client.login(username, password, code)
    async with open_client(Access(address, token=token)) as client:
        role = (await client.get("/auth/me", Me)).role
        expires = (datetime.now(UTC) + LASTS).isoformat()
        wish = {"name": f"mvidarr on {socket.gethostname()}", "role": role, "expires": expires}
        made = await client.tell("/api-keys", NewKey, wish)
        await client.tell("/auth/logout", Nothing)
    if made.state is None:
        raise Problem("undecided", "The server has not made a key yet; try again.")
    return Access(address, api_key=made.state.key)


async def _login(username: str, password: str, code: str | None, *, ask: bool) -> None:
    address = access().address
    try:
        opened = await enter(address, username, password, code)
    except Unauthorized as refused:
        if refused.code != "second_factor_required" or not ask:
            raise
        opened = await enter(address, username, password, typer.prompt("Code of your app"))
    store_token(address, opened.api_key)
    say(f"Logged in at {address} as {username}; the key is in {token_file()}.")


async def _end() -> None:
    """A server that does not answer, or has ended it already, keeps nobody from forgetting."""
    kept = access()
    if kept.headers:
        with suppress(Problem):
            async with open_client(kept, patience=5) as client:
                await client.tell("/auth/logout", Nothing)


def _line() -> str:
    return sys.stdin.readline().rstrip("\n")
