"""Back-pressure: what cannot be taken in is refused before it is accepted, and not lost later."""

from typing import Final

from mvidarr_common.errors import Unavailable

from .deps import Deps

FULL_AFTER: Final = 10.0
BEHIND_AFTER: Final = 5.0


def require_room(deps: Deps) -> None:
    """Raise Unavailable while the broker takes nothing, or the catalog is too far behind."""
    if deps.bus.health.full:
        raise Unavailable("log_full", "The log takes nothing now; try again.", after=FULL_AFTER)
    waiting = (deps.feed.last or 0) - (deps.feed.committed or 0)
    if deps.feed.committed is not None and waiting > deps.settings.backlog_limit:
        sentence = f"{waiting} records wait for the catalog; try again."
        raise Unavailable("backlog_full", sentence, after=BEHIND_AFTER)
