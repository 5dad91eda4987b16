"""What proves who somebody is, for the gateway alone."""

from datetime import UTC, datetime

from mvidarr_catalog.brain.model import ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_common.messages.queries import (
    Credentials,
    Factor,
    FindCredentials,
    FindLogin,
    LoginState,
)
from mvidarr_common.messages.sessions import Device

from .api_keys import ApiKey, key_view
from .pauses import seconds_to_wait
from .second_factor import SecondFactor
from .sessions import Session, session_view
from .users import User, user_id, user_view

model = ReadModel()


@model.query
async def find(query: FindCredentials, read: Read) -> Credentials:
    """Nobody is found, rather than an error, for what is unknown: the gateway refuses."""
    key = await _key_of(query.key_hash, read) if query.key_hash else None
    by_name = user_id(query.username) if query.username else None
    id = key.user_id if key else query.user_id or by_name
    columns = read.table(User).c
    which = columns.id == id if id else columns.external_id == query.external_id
    users = await read.rows(User, which) if id or query.external_id else []
    if not users:
        return Credentials(user=None)
    session = await _session_of(query, users[0], read)
    key = key or await _own_key(query, users[0], read)
    return Credentials(
        user=user_view(users[0]),
        password_hash=None if query.key_hash else users[0].password_hash,
        api_key=key_view(key) if key else None,
        session=session_view(session) if session else None,
        renewal=session.renewal if session else None,
        second_factor=await _confirmed(users[0].id, read),
    )


@model.query
async def find_login(query: FindLogin, read: Read) -> LoginState:
    """What is unknown takes as many questions as what is known."""
    id = user_id(query.username)
    users = {user.id: user for user in await read.rows(User)}
    factors = await read.rows(SecondFactor, read.table(SecondFactor).c.id == id)
    wait = await seconds_to_wait(id, Device(remote=query.remote, mark=query.mark), read)
    user = users.get(id)
    return LoginState(
        user=user_view(user) if user else None,
        password_hash=user.password_hash if user else None,
        factor=_factor(factors[0]) if factors else None,
        wait=wait,
        anybody=bool(users),
    )


def _factor(row: SecondFactor) -> Factor:
    return Factor(**row.model_dump(by_alias=False, exclude={"id"}))


async def _confirmed(id: str, read: Read) -> bool:
    columns = read.table(SecondFactor).c
    return bool(await read.rows(SecondFactor, columns.id == id, columns.confirmed))


async def _key_of(key_hash: str, read: Read) -> ApiKey | None:
    found = await read.rows(ApiKey, read.table(ApiKey).c.key_hash == key_hash)
    return found[0] if found else None


async def _own_key(query: FindCredentials, user: User, read: Read) -> ApiKey | None:
    columns = read.table(ApiKey).c
    ours = (columns.id == query.api_key_id, columns.user_id == user.id)
    found = await read.rows(ApiKey, *ours) if query.api_key_id else []
    return found[0] if found else None


async def _session_of(query: FindCredentials, user: User, read: Read) -> Session | None:
    columns = read.table(Session).c
    ours = (columns.id == query.session_id, columns.user_id == user.id)
    found = await read.rows(Session, *ours) if query.session_id else []
    return next((row for row in found if row.expires > datetime.now(UTC)), None)
