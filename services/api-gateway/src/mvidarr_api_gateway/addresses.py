"""URLs that people give are looked at before anything is published.

Whoever opens the connection looks again; here a name that cannot be resolved now is let through.
"""

import asyncio
import re
from contextlib import suppress

from mvidarr_common.addresses import allowed, require_public
from mvidarr_common.errors import Invalid, Unavailable
from mvidarr_common.messages.notify import Channel
from mvidarr_common.sites import SEARCH

from .settings import GatewaySettings

PATIENCE = 2.0
_APPRISE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\x00-\x1f\x7f]+")


async def require_fetchable(url: str, settings: GatewaySettings) -> None:
    """Raise Invalid for what is no web address, or leads into a private network."""
    allowed(url, settings.allow_private_addresses)
    with suppress(Unavailable, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await require_public(url, settings.allow_private_addresses)


async def require_findable(address: str, settings: GatewaySettings) -> None:
    """The same for a video; a search goes to the site that is known for it."""
    if not SEARCH.fullmatch(address.strip()):
        await require_fetchable(address, settings)


async def require_reachable(channel: Channel, address: str, settings: GatewaySettings) -> None:
    """The same for where a subscription is sent. Apprise has schemes of its own."""
    if channel == "webhook":
        await require_fetchable(address, settings)
    elif not _APPRISE.fullmatch(address):
        raise Invalid("invalid_url", "An Apprise address looks like discord://… or mailto://….")
