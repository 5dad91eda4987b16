"""Logins and what they open: sessions, each with a refresh token that is new after every use.

What ends a session stands in `identity`, with everything else that takes rights away.
"""

from datetime import datetime
from typing import Literal

from .base import Command, Event, Value
from .identity import EndOfSession
from .ids import SessionId, UserId

Method = Literal["password", "oidc", "proxy"]
"""How somebody proved who they are."""


class Device(Value):
    """From where somebody came: the network address, and what the program calls itself."""

    remote: str | None = None
    user_agent: str | None = None
    mark: str | None = None
    """Of a browser in which this very user has logged in before."""


class StartSession(Command, wire="session.start", about="session:session_id"):
    """Somebody has proved who they are. `token_hash` is the SHA-256 of their refresh token, `step`
    that of the app's code, `recovery_hash` that of the recovery code, where one was needed."""

    session_id: SessionId
    user_id: UserId
    token_hash: str
    method: Method
    device: Device = Device()
    expires: datetime
    step: int | None = None
    recovery_hash: str | None = None


class RefreshSession(Command, wire="session.refresh", about="session:session_id"):
    """Whoever holds the token of `token_hash` takes the one of `next_hash` for it. A token that
    was given away before ends the session."""

    session_id: SessionId
    token_hash: str
    next_hash: str
    device: Device = Device()
    expires: datetime


class RevokeSession(Command, wire="session.revoke", about="session:session_id"):
    session_id: SessionId
    reason: EndOfSession = "revoked"


class RevokeSessions(Command, wire="session.revoke_all", about="user:user_id"):
    """End all sessions of a user, but for one."""

    user_id: UserId
    but: SessionId | None = None


class SessionStarted(Event, wire="session.started", about="session:session_id"):
    session_id: SessionId
    user_id: UserId
    username: str
    token_hash: str
    method: Method
    device: Device = Device()
    expires: datetime
    step: int | None = None
    recovery_hash: str | None = None


class SessionRefreshed(Event, wire="session.refreshed", about="session:session_id"):
    session_id: SessionId
    token_hash: str
    device: Device = Device()
    expires: datetime
