"""The application: routes, errors, and its description."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from .deps import Deps
from .edge import Edge
from .problems import install
from .release import VERSION
from .routes import ROUTERS

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}


def application(deps: Deps) -> Edge:
    """What the server serves."""
    settings = deps.settings
    larger = {"/api/v1/jobs/bulk": settings.bulk_body_limit}
    return Edge(_shared(api(deps), settings.cors_origins), settings.body_limit, larger)


def _shared(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of these origins use the API with a token or a key of their own."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "X-Api-Key", "Idempotency-Key", "If-Match", "Prefer"],
        expose_headers=["ETag", "Location", "Retry-After", "X-Request-Id"],
        max_age=3600,
    )


def api(deps: Deps) -> FastAPI:
    """The routes with their errors; the edge is around it."""
    app = FastAPI(
        title="MVidarr",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"logs": False, "operation_spans": False},
    )
    app.state.deps = deps
    for router in ROUTERS:
        app.include_router(router)
    install(app)
    app.openapi = lambda: description(app)  # type: ignore[method-assign]  # FastAPI's own way
    return app


def description(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document, made when first asked for."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        made["components"]["securitySchemes"] = SCHEMES
        app.openapi_schema = made
    return app.openapi_schema
