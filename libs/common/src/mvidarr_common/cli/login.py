"""`mvidarr login` and `logout`: a token for the commands that follow."""

import sys

import typer

from .access import Access, access, store_token, token_file
from .client import open_client
from .output import run, say


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(login)
    app.command()(logout)


def login(
    username: str = typer.Argument("admin"),
    password_stdin: bool = typer.Option(False, help="read the password from standard input"),
) -> None:
    """Log in at the server, and keep the token for the commands that follow."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = typer.prompt("Password", hide_input=True)
    run(lambda: _login(username, password))


def logout() -> None:
    """Forget the stored token."""
    store_token(access().address, None)


async def _login(username: str, password: str) -> None:
    address = access().address
    async with open_client(Access(address)) as client:
        store_token(address, await client.login(username, password))
    say(f"Logged in at {address} as {username}; the token is in {token_file()}.")
