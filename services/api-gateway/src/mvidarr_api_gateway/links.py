"""Signed links: what a player without headers may open, for a while.

A ticket names who asked for it, with which session or API key, and when it ends; the code over all
that and over the place that it opens is made with a key of this installation. What its holder may
is asked when it is used.
"""

import base64
import hmac
import time
from typing import Final

from mvidarr_common.errors import Unauthorized
from mvidarr_common.messages.ids import ApiKeyId, SessionId, UserId
from mvidarr_common.secrets import InstanceKey

from .callers import Holder

LONGEST: Final = 300


class Links:
    """Makes tickets and checks them; every gateway of the installation has the same key."""

    def __init__(self, key: InstanceKey, lifetime: float) -> None:
        self._key = key.derive("links")
        self._lifetime = lifetime

    def ticket(self, place: str, holder: Holder) -> str:
        """What opens this place, such as "files/<id>", and nothing else."""
        ends = f"{int(time.time() + self._lifetime):x}"
        said = f"{ends}.{_told(holder)}"
        return f"{said}.{self._code(place, said)}"

    def holder(self, ticket: str, place: str) -> Holder:
        """Who asked for it; raises Unauthorized for what does not open the place, now."""
        said, _, code = ticket.rpartition(".")
        ends, _, told = said.partition(".")
        right = self._code(place, said) if len(ticket) <= LONGEST else ""
        if not hmac.compare_digest(code.encode(), right.encode()) or not right:
            raise Unauthorized("unauthenticated", "The ticket does not open this.")
        if int(ends, 16) <= time.time():
            raise Unauthorized("ticket_expired", "The ticket has expired; ask for another link.")
        return _holder(told)

    def _code(self, place: str, said: str) -> str:
        whole = f"{place}\n{said}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, whole, "sha256")[:18]).decode()


def _told(holder: Holder) -> str:
    return f"{holder.session_id or ''}.{holder.api_key_id or ''}.{holder.user_id}"


def _holder(told: str) -> Holder:
    session, key, user = told.split(".", 2)
    return Holder(
        UserId(user), SessionId(session) if session else None, ApiKeyId(key) if key else None
    )
