"""The API keys: known by their hash, revoked with their user."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import NotFound
from mvidarr_common.messages.identity import (
    ApiKeyCreated,
    ApiKeyRevoked,
    CreateApiKey,
    RevokeApiKey,
    Role,
)
from mvidarr_common.messages.ids import ApiKeyId, UserId, derive
from mvidarr_common.messages.logins import ApiKeyUsed, NoteApiKeyUse
from mvidarr_common.messages.queries import (
    ApiKeys,
    ApiKeyView,
    ListApiKeys,
)

from .users import User


class ApiKey(Row, table="api_keys", subject="api_key", indexes=(("key_hash",), ("user_id",))):
    """One key; the key itself is shown once and kept nowhere."""

    user_id: UserId
    name: str
    key_hash: str
    role: Role
    expires: datetime | None
    added: datetime
    used: datetime | None
    scopes: tuple[str, ...] | None


OFTEN = timedelta(hours=1)
"""Between two uses that are noted."""

model = ReadModel(rows=(ApiKey,), version=3)


@model.fold
def created(event: ApiKeyCreated, cause: Envelope, state: State) -> None:
    fields = event.model_dump(by_alias=False, exclude={"api_key_id"})
    state.put(ApiKey(id=event.api_key_id, added=cause.time, used=None, **fields))


@model.fold
def revoked(event: ApiKeyRevoked, _: Envelope, state: State) -> None:
    state.drop(ApiKey, event.api_key_id)


@model.fold
def used(event: ApiKeyUsed, cause: Envelope, state: State) -> None:
    key = state.get(ApiKey, event.api_key_id)
    if key:
        state.put(key.changed(used=cause.time))


@model.decide
def note_use(command: NoteApiKeyUse, cause: Envelope, state: Known) -> Iterator[Decision]:
    key = state.get(ApiKey, command.api_key_id)
    if key and (key.used is None or key.used + OFTEN <= cause.time):
        yield ApiKeyUsed(api_key_id=command.api_key_id)


@model.decide
def create(command: CreateApiKey, cause: Envelope, state: Known) -> Iterator[Decision]:
    if state.get(User, command.user_id) is None:
        raise NotFound("user_not_found", f"There is no user {command.user_id}.")
    fields = command.model_dump(by_alias=False)
    yield ApiKeyCreated(api_key_id=ApiKeyId(derive(cause.id, "api_key")), **fields)


@model.decide
def revoke(command: RevokeApiKey, _: Envelope, state: Known) -> Iterator[Decision]:
    if state.get(ApiKey, command.api_key_id) is None:
        raise NotFound("api_key_not_found", f"There is no API key {command.api_key_id}.")
    yield ApiKeyRevoked(api_key_id=command.api_key_id)


@model.query
async def list_keys(query: ListApiKeys, read: Read) -> ApiKeys:
    columns = read.table(ApiKey).c
    where = [columns.user_id == query.user_id] if query.user_id else []
    return ApiKeys(items=tuple(key_view(key) for key in await read.rows(ApiKey, *where)))


def key_view(key: ApiKey) -> ApiKeyView:
    """A key as people see it: without its hash."""
    return ApiKeyView(
        id=ApiKeyId(key.id),
        user_id=key.user_id,
        name=key.name,
        role=key.role,
        expires=key.expires,
        added=key.added,
        used=key.used,
        scopes=key.scopes,
    )
