"""What orchestrators and Prometheus ask of a process: /health/live, /health/ready, /metrics."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Check = Callable[[], str | None]


class Readiness:
    """Whether the process can take work now, and why not."""

    def __init__(self, starting: Iterable[str] = ()) -> None:
        self.starting = set(starting)
        self.checks: dict[str, Check] = {}
        self.notes: dict[str, Check] = {}
        self.leaving = False

    def open(
        self, service: str, checks: Mapping[str, Check], notes: Mapping[str, Check] | None = None
    ) -> None:
        """This service has opened what it stands on, and answers for it with these checks; notes
        are told beside them and stop nothing."""
        self.starting.discard(service)
        self.checks |= {f"{service}.{name}": check for name, check in checks.items()}
        self.notes |= {f"{service}.{name}": note for name, note in (notes or {}).items()}

    def problems(self) -> dict[str, str]:
        """A sentence for everything that is not well; none when ready."""
        if self.leaving:
            return {"process": "It is shutting down."}
        if self.starting:
            return dict.fromkeys(sorted(self.starting), "It is starting.")
        return _said(self.checks)

    def remarks(self) -> dict[str, str]:
        """What is worth knowing, and no problem yet."""
        return _said(self.notes)


def _said(checks: Mapping[str, Check]) -> dict[str, str]:
    found = ((name, check()) for name, check in checks.items())
    return {name: sentence for name, sentence in found if sentence is not None}


def health_app(readiness: Readiness) -> Starlette:
    """The three routes."""

    async def live(_: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def ready(_: Request) -> Response:
        problems = readiness.problems()
        told = {"ready": not problems, "problems": problems}
        remarks = readiness.remarks()
        body = told | ({"notes": remarks} if remarks else {})
        return JSONResponse(body, 503 if problems else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", metrics),
        ]
    )
