"""Whether the gateway lives and can work, and the key that checks its tokens. For anyone."""

from fastapi import Response

from mvidarr_api_gateway.guard import Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_value
from mvidarr_common.messages import Value

router = guarded_router("", "health")
ANYONE = needs("anyone")


class Ping(Value):
    """`OK` or `Error`."""

    status: str


class Ready(Value):
    """Whether it can work, and a sentence for everything that is not well."""

    ready: bool
    problems: dict[str, str]


class Keys(Value):
    """JSON Web Keys."""

    keys: tuple[dict[str, str], ...]


@router.get("/ping", openapi_extra=ANYONE, response_model=Ping, responses={500: {"model": Ping}})
@router.head("/ping", openapi_extra=ANYONE, include_in_schema=False)
async def ping(deps: Given) -> Response:
    """As *arr clients ask: no key, `{"status": "OK"}`."""
    well = deps.bus.health.ready
    return json_value({"status": "OK" if well else "Error"}, 200 if well else 500)


@router.get("/health/live", openapi_extra=ANYONE, response_model=Ping)
async def live() -> Response:
    """The process answers."""
    return json_value({"status": "ok"})


@router.get(
    "/health/ready", openapi_extra=ANYONE, response_model=Ready, responses={503: {"model": Ready}}
)
async def ready(deps: Given) -> Response:
    """Whether requests can be served; with the reasons if not."""
    ailments = {name: check() for name, check in deps.runtime.checks.items()}
    bus = deps.bus.health
    ailments["bus"] = None if bus.ready else bus.reason
    ill = {name: reason for name, reason in ailments.items() if reason is not None}
    notes = {name: note for name, check in deps.runtime.notes.items() if (note := check())}
    told = {"ready": not ill, "problems": ill} | ({"notes": notes} if notes else {})
    return json_value(told, 503 if ill else 200)


@router.get("/.well-known/jwks.json", openapi_extra=ANYONE, response_model=Keys)
async def jwks(deps: Given) -> Response:
    """The public key of the tokens (RFC 7517)."""
    return json_value(deps.tokens.jwks(), headers={"Cache-Control": "public, max-age=3600"})
