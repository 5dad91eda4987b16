"""The application: routes, errors, and its description."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .deps import Deps
from .edge import Edge
from .problems import install
from .routes import ROUTERS

VERSION = "0.1.0"
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}


def application(deps: Deps) -> Edge:
    """What the server serves."""
    return Edge(api(deps), deps.settings.body_limit)


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
