"""Sessions as the gateway opens and renews them: an access token for minutes, and a refresh token
that is taken once.

A refresh token is derived from its command: the same request gives it again, if the answer was
lost, and without the instance key nobody can guess it.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Conflict, Unauthorized
from mvidarr_common.messages import Value
from mvidarr_common.messages.identity import SessionRevoked
from mvidarr_common.messages.ids import SessionId, UserId, derive, new_id
from mvidarr_common.messages.queries import FindCredentials, UserView
from mvidarr_common.messages.sessions import (
    Device,
    Method,
    RefreshSession,
    SessionRefreshed,
    SessionStarted,
    StartSession,
)

from .deciding import asked_now, decided
from .deps import Deps
from .identity import key_hash

LONGEST_AGENT = 300
_TOKEN = re.compile(r"mvr_([0-9a-f-]{36})\.([0-9a-f-]{36})\.[\w-]{43}")
ENDED = Unauthorized("session_ended", "The session has ended; log in again.")


@dataclass(frozen=True)
class Proof:
    """What a second factor has proved."""

    step: int | None = None
    recovery_hash: str | None = None


NO_FACTOR = Proof()


@dataclass(frozen=True, repr=False)
class Opened:
    """What somebody holds after a login: who they are, and their two tokens."""

    session_id: SessionId
    user: UserView
    access: str
    access_seconds: int
    refresh: str
    refresh_seconds: int

    @property
    def plain(self) -> dict[str, Any]:
        """What anybody may know of it."""
        return {
            "tokenType": "Bearer",
            "expiresIn": self.access_seconds,
            "refreshExpiresIn": self.refresh_seconds,
            "sessionId": self.session_id,
            "user": self.user.model_dump(mode="json"),
        }

    @property
    def body(self) -> dict[str, Any]:
        """As clients without cookies are told."""
        return self.plain | {"accessToken": self.access, "refreshToken": self.refresh}


class LoginView(Value):
    """What a login gives. Where cookies have the tokens, it has `csrfToken` in their place."""

    token_type: str
    expires_in: int
    refresh_expires_in: int
    session_id: SessionId
    user: UserView
    access_token: str | None = None
    refresh_token: str | None = None
    csrf_token: str | None = None


def device_of(request: Request) -> Device:
    """From where a request comes."""
    agent = request.headers.get("user-agent", "").replace("\0", "")[:LONGEST_AGENT]
    remote = request.client.host if request.client else None
    return Device(remote=remote, user_agent=agent or None)


async def open_session(
    request: Request,
    deps: Deps,
    user: UserView,
    method: Method,
    proof: Proof = NO_FACTOR,
    device: Device | None = None,
) -> Opened:
    """Begin a session of somebody whose proof was checked."""
    id, command = SessionId(new_id()), new_id()
    token = _token(deps, user.id, id, command)
    asked = StartSession(
        session_id=id,
        user_id=user.id,
        token_hash=key_hash(token),
        method=method,
        device=device or device_of(request),
        expires=_end(deps),
        step=proof.step,
        recovery_hash=proof.recovery_hash,
    )
    actor = f"user/{user.id}"
    await decided(deps, fresh(asked, source="api-gateway", actor=actor, id=command), SessionStarted)
    return await _opened(deps, user.id, id, token)


def owner_of(token: str) -> tuple[UserId, SessionId]:
    """Whose refresh token it says that it is; raises Unauthorized for what is none of ours."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise Unauthorized("unauthenticated", "The refresh token is not one of ours.")
    return UserId(found[1]), SessionId(found[2])


async def renew(request: Request, deps: Deps, token: str) -> Opened:
    """Take a refresh token for the next one. One that was used earlier than just now ends its
    session: somebody has a copy."""
    user_id, id = owner_of(token)
    key = request.headers.get("idempotency-key", "").strip() or new_id()
    command = derive(id, f"refresh {key_hash(token)}", key)
    following = _token(deps, user_id, id, command)
    asked = RefreshSession(
        session_id=id,
        token_hash=key_hash(token),
        next_hash=key_hash(following),
        device=device_of(request),
        expires=_end(deps),
    )
    actor = f"user/{user_id}"
    try:
        fact = await decided(deps, fresh(asked, source="api-gateway", actor=actor, id=command))
    except Conflict as refused:
        raise Unauthorized(refused.code, refused.message) from None
    if isinstance(fact, SessionRevoked):
        raise Unauthorized(
            "refresh_token_reused", "The refresh token was used before; the session has ended."
        )
    if isinstance(fact, SessionRefreshed):
        return await _opened(deps, user_id, id, following)
    return await _opened(deps, user_id, id)


async def _opened(deps: Deps, user: UserId, id: SessionId, token: str | None = None) -> Opened:
    """With the session's own refresh token, where another window has just taken the same."""
    found = await asked_now(deps, FindCredentials(user_id=user, session_id=id))
    if found.user is None or found.session is None or found.password_hash is None:
        raise Unauthorized(ENDED.code, ENDED.message)
    if token is None:
        assert found.renewal is not None
        token = _token(deps, user, id, found.renewal)
    access, seconds = deps.tokens.issue(found.user, found.password_hash, id)
    lifetime = int(deps.settings.session_lifetime)
    return Opened(id, found.user, access, seconds, token, lifetime)


def _token(deps: Deps, user: UserId, id: SessionId, command: str) -> str:
    secret = deps.key.derive(f"refresh/{command}")
    return f"mvr_{user}.{id}.{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def _end(deps: Deps) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=deps.settings.session_lifetime)
