"""The one place where rights are checked: every route declares the role that it needs, and
its router the resource that it is about, for API keys that may do some things only.

    @router.delete("/videos/{id}", openapi_extra=needs("manager"))

A route that declares nothing cannot be made. The check comes before the body is read.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from starlette.responses import Response

from mvidarr_common.errors import Forbidden, Invalid
from mvidarr_common.messages.identity import Role

from .callers import Caller, includes
from .conditional import conditional
from .deps import Deps
from .leniency import Leniency, lenient
from .memory import Basis
from .rates import require_left
from .reads import Kept
from .scopes import READING, scope_of, scopes_included

Needed = Role | Literal["anyone"]
DECLARED = "x-required-role"
OWNER = "x-or-owner"
ENROLLING = "x-while-enrolling"
TICKET = "x-or-ticket"
NO_COMMAND = "x-no-command"
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}, {"cookie": []}]


def needs(
    role: Needed,
    *,
    or_owner: str | None = None,
    or_ticket: str | None = None,
    enrolling: bool = False,
) -> dict[str, Any]:
    """What a route declares. `or_owner` names the path parameter that holds a user's id: that
    user may too. `or_ticket` is the place that a ticket must open, such as "files/{id}".
    `enrolling` lets in who still has to set up a second factor."""
    declared: dict[str, Any] = {DECLARED: role}
    if enrolling:
        declared[ENROLLING] = True
    if or_owner is not None:
        declared[OWNER] = or_owner
    if or_ticket is not None:
        declared[TICKET] = or_ticket
    return declared if role == "anyone" else declared | {"security": SECURITY}


class Guarded(APIRoute):
    """A route that lets in who may, and no query parameter that it does not know."""

    tolerant = False

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Check, then handle."""
        declared = self.openapi_extra or {}
        if DECLARED not in declared:
            raise TypeError(f"{self.path} does not declare the role that it needs")
        handle = super().get_route_handler()
        known = _query_parameters(self)
        resource = str(self.tags[0])

        async def guarded(request: Request) -> Response:
            await _authorize(request, declared, resource)
            if not self.tolerant:
                _refuse_unknown(request, known)
            if request.method not in READING:
                return await handle(request)
            with lenient() as told:
                response = await handle(request)
            _remember(request, response, told)
            return conditional(request, _marked(response, told))

        return guarded


class Tolerant(Guarded):
    """A route for clients that were made for other servers, and ask for more than there is."""

    tolerant = True


def guarded_router(prefix: str, tag: str, route: type[Guarded] = Guarded) -> APIRouter:
    """A router of guarded routes."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route)


def allow(caller: Caller, needed: Needed, what: str) -> None:
    """Raise Forbidden unless the caller's role suffices."""
    if needed != "anyone" and not includes(caller.role, needed):
        raise Forbidden("forbidden", f"{what} needs the role {needed}; yours is {caller.role}.")


def deps_of(connection: HTTPConnection) -> Deps:
    """What the application was built with."""
    deps: Deps = connection.app.state.deps
    return deps


async def _deps(request: Request) -> Deps:
    return deps_of(request)


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Asker = Annotated[Caller, Depends(_caller)]
Given = Annotated[Deps, Depends(_deps)]


async def _authorize(request: Request, declared: dict[str, Any], resource: str) -> None:
    needed: Needed = declared[DECLARED]
    if needed == "anyone":
        return
    caller = await _caller_of(request, declared.get(TICKET))
    request.state.caller = caller
    _count(request, caller)
    if not declared.get(ENROLLING):
        caller.require_enrolled()
    _require_scopes(
        request, caller, scope_of(resource, request.method, not declared.get(NO_COMMAND))
    )
    if request.path_params.get(declared.get(OWNER, "")) == caller.user_id:
        return
    allow(caller, needed, f"{request.method} {request.url.path}")


def _require_scopes(request: Request, caller: Caller, scope: str) -> None:
    for each in (scope, *scopes_included(request.query_params.getlist("include"))):
        caller.require_scope(each)


def _count(request: Request, caller: Caller) -> None:
    """Their share of requests; what is left is told with the answer."""
    left = deps_of(request).rates.of_caller(caller)
    if left is not None:
        request.scope["state"].setdefault("left", []).append(left)
        require_left(left)


def count_items(request: Request, items: int) -> None:
    """A request about many things counts as so many; it was counted once when it came."""
    if items < 2:
        return
    rates, told = deps_of(request).rates, request.scope["state"]
    told["left"] = []
    host = request.client.host if request.client else ""
    for left in (
        rates.of_address(host, items - 1),
        rates.of_caller(request.state.caller, items - 1),
    ):
        if left is not None:
            told["left"].append(left)
            require_left(left)


async def _caller_of(request: Request, place: str | None) -> Caller:
    deps, ticket = deps_of(request), request.headers.get("x-ticket")
    if ticket is None or place is None:
        return await deps.identity.of_headers(request.headers, request.method)
    holder = deps.links.holder(ticket, place.format(**request.path_params))
    return await deps.identity.of_holder(holder)


def _remember(request: Request, response: Response, told: Leniency) -> None:
    """Say on what the answer stands, if that is one answer of the catalog and nothing else."""
    kept: Kept | None = told.last
    if kept is not None and told.age is None and response.body is kept.shown:
        request.state.basis = Basis(kept, getattr(request.state, "caller", None))


def _marked(response: Response, told: Leniency) -> Response:
    """An old answer says so, and how old it is (RFC 9111, 5.1; `Warning` for clients of before)."""
    if told.age is not None:
        response.headers["Age"] = str(round(told.age))
        response.headers["Warning"] = '110 - "The catalog is away"'
    return response


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    for name in request.query_params:
        if name not in known:
            named = ", ".join(sorted(known)) or "none"
            raise Invalid("invalid_query", f"There is no parameter {name!r} here; known: {named}.")


def _query_parameters(route: APIRoute) -> frozenset[str]:
    names: set[str] = set()
    for field in route.dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            names |= {inner.alias or name for name, inner in model.model_fields.items()}
        else:
            names.add(field.alias)
    return frozenset(names)
