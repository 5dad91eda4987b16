"""Who is asking, and the order of roles."""

import time
from dataclasses import dataclass
from typing import get_args

from mvidarr_common.errors import Forbidden, Unauthorized
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import ApiKeyId, SessionId, UserId

from .scopes import covers

RANKS: dict[Role, int] = {role: rank for rank, role in enumerate(reversed(get_args(Role)))}


def includes(held: Role, asked: Role) -> bool:
    """Whether who holds one role may do what the other may: admin > manager > user > readonly."""
    return RANKS[held] >= RANKS[asked]


def lesser(one: Role, other: Role) -> Role:
    """The role of fewer rights."""
    return min(one, other, key=RANKS.__getitem__)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who made a link: it counts as long as the session or the API key counts that it was made
    with."""

    user_id: UserId
    session_id: SessionId | None = None
    api_key_id: ApiKeyId | None = None


@dataclass(frozen=True)
class Caller:
    """Somebody whose credentials were checked. `expires` is in seconds since the epoch."""

    user_id: UserId
    username: str
    role: Role
    api_key_id: ApiKeyId | None = None
    expires: float | None = None
    session_id: SessionId | None = None
    must_enrol: bool = False
    """Whether they have to set up a second factor before anything else."""
    scopes: tuple[str, ...] | None = None
    """Of an API key that may not all that its role may."""

    @property
    def actor(self) -> str:
        """The name under which the log remembers them."""
        return f"user/{self.user_id}"

    @property
    def holder(self) -> Holder:
        """Of the links that they make."""
        return Holder(self.user_id, self.session_id, self.api_key_id)

    @property
    def expired(self) -> bool:
        """Whether the credentials count no more."""
        return self.expires is not None and self.expires <= time.time()

    def require_valid(self) -> None:
        """Raise Unauthorized once the credentials have expired."""
        if self.expired:
            raise Unauthorized("token_expired", "The credentials have expired; log in again.")

    def require_scope(self, scope: str) -> None:
        """Raise Forbidden unless the API key, if it is one, may do this."""
        if not covers(self.scopes, scope):
            sentence = f"This needs the scope {scope}, which the API key does not have."
            raise Forbidden("scope_missing", sentence)

    def require_enrolled(self) -> None:
        """Raise Forbidden while a second factor is wanted of them."""
        if self.must_enrol:
            raise Forbidden("second_factor_needed", "Your role needs a second factor; set it up.")
