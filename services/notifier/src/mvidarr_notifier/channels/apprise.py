"""Apprise: some hundred services by URL (`discord://`, `tgram://`, `mailto://`, `ntfy://` …).

The library is blocking and large, so it runs in a forked child; there private addresses can be
closed to whatever plug-in Apprise picks, without touching anybody else.
"""

import logging
import re
import socket
import sys
from ipaddress import ip_address
from typing import Any

from mvidarr_common.errors import Invalid, JobError
from mvidarr_common.messages.notify import Level
from mvidarr_notifier.reach import require_public

from .base import Channel, Means, Parcel


async def send(parcel: Parcel, means: Means) -> str:
    """Send it by Apprise. Only an address that Apprise cannot read is final."""
    told = parcel.announcement
    return await means.call(
        deliver, parcel.address, told.title, told.body, told.level, means.allow_private
    )


def deliver(address: str, title: str, body: str, level: Level, allow_private: bool) -> str:
    """In the child: one notification by whatever service the address names."""
    import apprise

    _silence_apprise()
    refused = [] if allow_private else _close_private_addresses()
    asset = apprise.AppriseAsset(app_id="MVidarr", storage_mode="memory", async_mode=False)
    sender = apprise.Apprise(asset=asset)
    if not sender.add(address):
        raise Invalid("invalid_url", "Apprise cannot read the subscription's address.")
    result = sender.notify(body=body, title=title, notify_type=level)
    if refused:
        raise refused[0]
    return _outcome(result)


def _outcome(result: Any) -> str:
    if result:
        return "accepted"
    statuses = re.findall(r"error=(\d+)", " ".join(entry.message for entry in result.logs()))
    reason = f" ({', '.join(statuses)})" if statuses else ""
    raise JobError("receiver_refused", f"The service did not accept it{reason}.", retry=True)


def _close_private_addresses() -> list[Invalid]:
    """Refuse every connection of this process to a private address; returns what was refused."""
    refused: list[Invalid] = []

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event not in ("socket.connect", "socket.sendto"):
            return
        try:
            _require_public(args[1])
        except Invalid as error:
            refused.append(error)
            raise OSError(error.message) from None

    sys.addaudithook(audit)
    return refused


def _require_public(address: Any) -> None:
    """A socket's address: a tuple that begins with a host, or the path of a local socket."""
    if not isinstance(address, tuple):
        raise Invalid("private_address", "A socket of this machine is not in the public internet.")
    host, port = str(address[0]), address[1]
    require_public(host, [ip_address(row[4][0]) for row in socket.getaddrinfo(host, port)])


def _silence_apprise() -> None:
    """Its logs name addresses, which are secrets; what matters of them is in the result."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]


APPRISE = Channel("apprise", send)
