"""The logins that count: each has one refresh token, known by its hash, and knows those before it
by not being theirs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages.identity import PasswordChanged, SessionRevoked, UserDeleted
from mvidarr_common.messages.ids import SessionId, UserId
from mvidarr_common.messages.queries import ListSessions, Sessions, SessionView
from mvidarr_common.messages.sessions import (
    Device,
    Method,
    RefreshSession,
    RevokeSession,
    RevokeSessions,
    SessionRefreshed,
    SessionStarted,
    StartSession,
)

from .second_factor import require_second
from .users import existing

UNKEPT = {"session_id", "username", "device", "step", "recovery_hash"}
HIDDEN = {"token_hash", "device", "before", "renewal"}
GRACE = timedelta(seconds=10)
"""In which a browser's windows may renew with the same token: each gets the same next one."""
MOST = 50
"""Sessions of one user; another login ends the one that was not used for longest."""


class Session(Row, table="sessions", subject="session", indexes=(("user_id",),)):
    """One login. `before` is the hash of the token that was taken for the present one, by the
    command `renewal`."""

    user_id: UserId
    token_hash: str
    method: Method
    device: Device
    added: datetime
    used: datetime
    expires: datetime
    before: str | None = None
    renewal: str | None = None

    def has_just_taken(self, token_hash: str, time: datetime) -> bool:
        """Whether somebody has renewed with this token a moment ago."""
        return token_hash == self.before and time - self.used <= GRACE


class SessionsOf(Row, table="sessions_of"):
    """The sessions of one user, the last used at the end."""

    sessions: tuple[SessionId, ...] = ()


model = ReadModel(rows=(Session, SessionsOf), version=2)


@model.fold
def started(event: SessionStarted, cause: Envelope, state: State) -> None:
    known = event.model_dump(by_alias=False, exclude=UNKEPT)
    told = known | {"device": event.device, "added": cause.time, "used": cause.time}
    state.put(Session(id=event.session_id, **told))
    _list(state, event.user_id, event.session_id)


@model.fold
def refreshed(event: SessionRefreshed, cause: Envelope, state: State) -> None:
    session = state.get(Session, event.session_id)
    if session is None:
        return
    state.put(
        session.changed(
            token_hash=event.token_hash,
            device=event.device,
            used=cause.time,
            expires=event.expires,
            before=session.token_hash,
            renewal=cause.causation_id,
        )
    )
    _list(state, session.user_id, event.session_id)


@model.fold
def revoked(event: SessionRevoked, _: Envelope, state: State) -> None:
    state.drop(Session, event.session_id)
    rest = tuple(id for id in _ids(state, event.user_id) if id != event.session_id)
    state.put(SessionsOf(id=event.user_id, sessions=rest))


@model.fold
def password_changed(event: PasswordChanged, _: Envelope, state: State) -> None:
    """Whoever knew the old one is out."""
    _drop_all(state, event.user_id)


@model.fold
def user_deleted(event: UserDeleted, _: Envelope, state: State) -> None:
    _drop_all(state, event.user_id)


@model.decide
def start(command: StartSession, cause: Envelope, state: Known) -> Iterator[Decision]:
    user = existing(state, command.user_id)
    require_second(command, state)
    for id in _ids(state, user.id)[: 1 - MOST]:
        yield SessionRevoked(session_id=id, user_id=UserId(user.id), reason="too_many")
    yield SessionStarted(username=user.username, **command.model_dump(by_alias=False))


@model.decide
def refresh(command: RefreshSession, cause: Envelope, state: Known) -> Iterator[Decision]:
    session = state.get(Session, command.session_id)
    if session is None or session.expires <= cause.time:
        raise Conflict("session_ended", "The session has ended; log in again.")
    if session.has_just_taken(command.token_hash, cause.time):
        return
    if session.token_hash != command.token_hash:
        yield SessionRevoked(
            session_id=command.session_id, user_id=session.user_id, reason="reused"
        )
        return
    yield SessionRefreshed(
        session_id=command.session_id,
        token_hash=command.next_hash,
        device=command.device,
        expires=command.expires,
    )


@model.decide
def revoke(command: RevokeSession, _: Envelope, state: Known) -> Iterator[Decision]:
    session = state.get(Session, command.session_id)
    if session is None:
        raise NotFound("session_not_found", f"There is no session {command.session_id}.")
    yield SessionRevoked(
        session_id=command.session_id, user_id=session.user_id, reason=command.reason
    )


@model.decide
def revoke_all(command: RevokeSessions, _: Envelope, state: Known) -> Iterator[Decision]:
    for id in _ids(state, command.user_id):
        if id != command.but:
            yield SessionRevoked(session_id=id, user_id=command.user_id)


@model.query
async def list_sessions(query: ListSessions, read: Read) -> Sessions:
    columns = read.table(Session).c
    now = datetime.now(UTC)
    found = await read.rows(Session, columns.user_id == query.user_id, columns.expires > now)
    newest = sorted(found, key=lambda each: each.used, reverse=True)
    return Sessions(items=tuple(session_view(each) for each in newest))


def session_view(session: Session) -> SessionView:
    """A session as its user sees it."""
    known = session.model_dump(by_alias=False, exclude=HIDDEN)
    return SessionView(device=session.device, **known)


def _ids(state: Known, user: str) -> tuple[SessionId, ...]:
    row = state.get(SessionsOf, user)
    return row.sessions if row else ()


def _list(state: State, user: UserId, newest: SessionId) -> None:
    """The used one comes to the end."""
    others = tuple(id for id in _ids(state, user) if id != newest)
    state.put(SessionsOf(id=user, sessions=(*others, newest)))


def _drop_all(state: State, user: UserId) -> None:
    for id in _ids(state, user):
        state.drop(Session, id)
    state.drop(SessionsOf, user)
