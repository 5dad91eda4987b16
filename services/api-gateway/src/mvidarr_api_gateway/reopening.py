"""Films that were opened a moment ago are opened again without asking everything again: players
fetch a film in many small parts, and each would cost as much as a whole request.

What is remembered is for exactly this address and these credentials, and it counts as long as
nobody's rights and no file have changed; a ticket is looked at each time. Everything else goes the
whole way through the application.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mvidarr_common.errors import Problem

from .callers import Caller
from .deps import Deps
from .memory import IGNORED, LONGEST, counts, key_of
from .shelf import Shelf
from .streaming import send_file

OF_THE_PART = IGNORED | {
    b"range", b"if-range", b"if-match", b"if-modified-since", b"if-unmodified-since"
}  # fmt: skip
"""Headers that say which part is wanted and on what condition, and not of what."""
FILES = "/api/v1/files/"


@dataclass(frozen=True, slots=True)
class Film:
    """Where it is, what it is known by, and what a ticket has to open."""

    path: Path
    etag: str
    place: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """A film, who was let in, and after which changes of rights and files that was."""

    film: Film
    caller: Caller
    generations: tuple[int, int]
    route: object
    at: float = field(default_factory=time.monotonic)


class Reopening:
    """Stands before the routes."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._rights = deps.rights
        self._films = deps.films
        self._rates = deps.rates
        self._links = deps.links
        self._shelf: Shelf[Remembered] = Shelf(deps.settings.cache_bytes // 10)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; all but those for films pass."""
        if scope["type"] != "http" or not _is_of_a_file(scope):
            return await self._app(scope, receive, send)
        key = key_of(scope, OF_THE_PART)
        known = self._shelf.get(key)
        if known is not None and (answer := await self._again(known, scope)) is not None:
            scope["route"] = known.route
            return await answer(scope, receive, send)
        before, settled = self._generations, self._rights.settled and self._films.settled
        await self._app(scope, receive, send)
        state = scope["state"]
        if settled and "film" in state:
            told = Remembered(state["film"], state["caller"], before, scope.get("route"))
            self._shelf.put(key, told, 0)

    async def _again(self, known: Remembered, scope: Scope) -> Response | None:
        """The answer; None if it has to be found out anew whether there is one."""
        request, film = Request(scope), known.film
        try:
            if not (self._holds(known, request) and counts(self._rates, known.caller, scope)):
                return None
            return await send_file(request, film.path, film.etag)
        except Problem:
            return None

    def _holds(self, known: Remembered, request: Request) -> bool:
        """Raises Unauthorized for a ticket that opens the film no more."""
        if (ticket := request.headers.get("x-ticket")) is not None:
            self._links.holder(ticket, known.film.place)
        young = time.monotonic() - known.at <= LONGEST
        return young and not known.caller.expired and known.generations == self._generations

    @property
    def _generations(self) -> tuple[int, int]:
        return self._rights.generation, self._films.generation


def reopenable(request: Request, film: Film) -> None:
    """Whoever asks for this again in the next seconds may be given it at once."""
    request.state.film = film


def _is_of_a_file(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "GET" and path.startswith(FILES) and path.endswith("/content")
