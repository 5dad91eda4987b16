"""What is not well, item by item, as dashboards show it."""

from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.leniency import exact
from mvidarr_common.errors import Problem
from mvidarr_common.messages.queries import GetSystem

from .shapes import HealthItem

PATIENCE = 2.0
HELP = "/api/docs"
"""Where to read on: this server's own pages."""


async def ailments(deps: Deps) -> list[HealthItem]:
    """Of the gateway, of the broker, and of the catalog; an empty list is good health."""
    found = [_error(name, reason) for name, reason in _reasons(deps).items() if reason]
    try:
        with exact():
            parked = (await deps.reads.read(GetSystem(), PATIENCE)).parked
    except Problem as problem:
        known = any(item.source == "CatalogCheck" for item in found)
        return found if known else [*found, _error("catalog", problem.message)]
    if parked:
        sentence = f"{parked} messages are parked and wait for somebody to look at them."
        found.append(_item("parked", "warning", sentence))
    return found


def _reasons(deps: Deps) -> dict[str, str | None]:
    bus = deps.bus.health
    checks = {name: check() for name, check in deps.runtime.checks.items()}
    checks["catalog"] = deps.catalog.ailment()
    return checks | {"bus": None if bus.ready else bus.reason or "the broker is away"}


def _error(name: str, reason: str) -> HealthItem:
    return _item(name, "error", reason)


def _item(name: str, kind: str, message: str) -> HealthItem:
    source = f"{name.title()}Check"
    return HealthItem.model_validate(
        {"source": source, "type": kind, "message": message, "wiki_url": HELP}
    )
