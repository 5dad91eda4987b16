"""The description of this API: OpenAPI 3.1, and a page that reads it without outside help."""

from pathlib import Path

from fastapi import Request, Response
from starlette.responses import HTMLResponse

from mvidarr_api_gateway.guard import guarded_router, needs
from mvidarr_api_gateway.responses import json_value

router = guarded_router("/api", "docs")
PAGE = Path(__file__).parent.parent / "docs.html"
ONLY_OURS = "; ".join(
    (
        "default-src 'none'",
        "connect-src 'self'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
    )
)


@router.get("/openapi.json", openapi_extra=needs("anyone"), include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return json_value(request.app.openapi())


@router.get("/docs", openapi_extra=needs("anyone"), include_in_schema=False)
async def page() -> Response:
    """The document for people; the page asks nobody but this server."""
    return HTMLResponse(_page(), headers={"Content-Security-Policy": ONLY_OURS})


def _page() -> str:
    return PAGE.read_text()
