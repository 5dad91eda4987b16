"""Signed links: what a player without headers may open, for a while.

A ticket names who asked for it and when it ends; the code over both and over the place that it
opens is made with a key of this installation. What its holder may is asked when it is used.
"""

import base64
import hmac
import time
from typing import Final

from mvidarr_common.errors import Unauthorized
from mvidarr_common.messages.ids import UserId
from mvidarr_common.secrets import InstanceKey

LONGEST: Final = 300


class Links:
    """Makes tickets and checks them; every gateway of the installation has the same key."""

    def __init__(self, key: InstanceKey, lifetime: float) -> None:
        self._key = key.derive("links")
        self._lifetime = lifetime

    def ticket(self, place: str, user_id: UserId) -> str:
        """What opens this place, such as "files/<id>", and nothing else."""
        ends = f"{int(time.time() + self._lifetime):x}"
        return f"{ends}.{user_id}.{self._code(place, user_id, ends)}"

    def holder(self, ticket: str, place: str) -> UserId:
        """Who asked for it; raises Unauthorized for what does not open the place, now."""
        ends, _, rest = ticket.partition(".")
        user_id, _, code = rest.rpartition(".")
        right = self._code(place, user_id, ends) if len(ticket) <= LONGEST else ""
        if not hmac.compare_digest(code.encode(), right.encode()) or not right:
            raise Unauthorized("unauthenticated", "The ticket does not open this.")
        if int(ends, 16) <= time.time():
            raise Unauthorized("ticket_expired", "The ticket has expired; ask for another link.")
        return UserId(user_id)

    def _code(self, place: str, user_id: str, ends: str) -> str:
        said = f"{place}\n{user_id}\n{ends}".encode()
        return base64.urlsafe_b64encode(hmac.digest(self._key, said, "sha256")[:18]).decode()
