"""The application: routes with their errors, and what is around them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from .deprecations import GOING, operation_id
from .deps import Deps
from .description import description
from .edge import Edge, Limits
from .memory import Memory
from .problems import install
from .release import VERSION
from .reopening import Reopening
from .routes import ROUTERS

TITLE = "MVidarr"


def application(deps: Deps) -> Edge:
    """What the server serves."""
    settings = deps.settings
    larger = {"/api/v1/jobs/bulk": settings.bulk_body_limit}
    limits = Limits(settings.body_limit, settings.body_seconds, larger)
    app = _shared(Reopening(api(deps), deps), settings.cors_origins)
    memory = Memory(app, deps, settings.cache_bytes)
    return Edge(memory, limits, deps.rates, settings.trusted_proxies)


def _shared(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of these origins use the API with a token or a key of their own."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "X-Api-Key", "Idempotency-Key", "If-Match", "Prefer"],
        expose_headers=[
            "Command-Id",
            "ETag",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-Id",
        ],
        max_age=3600,
    )


def api(deps: Deps) -> FastAPI:
    """The routes with their errors; the edge is around it."""
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=_routes(),
        telemetry={"logs": False, "operation_spans": False},
    )
    app.state.deps = deps
    install(app)
    app.openapi = lambda: _description(frozenset(GOING))  # type: ignore[method-assign]  # FastAPI's own way
    return app


@cache
def _routes() -> list[BaseRoute]:
    """All applications of a process share them: FastAPI readies them at the first request, which
    takes longer than many requests."""
    whole = APIRouter(generate_unique_id_function=operation_id)
    for router in ROUTERS:
        whole.include_router(router)
    return whole.routes


@cache
def _description(going: frozenset[str]) -> dict[str, Any]:
    """Made when first asked for; of the same routes, while the same will go, the same is told."""
    return description(TITLE, VERSION, _routes())
