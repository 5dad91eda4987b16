"""The users. There is always an administrator."""

from collections.abc import Iterator
from datetime import datetime

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages.identity import (
    ChangePassword,
    ChangeRole,
    CreateUser,
    DeleteUser,
    PasswordChanged,
    Role,
    RoleChanged,
    UserCreated,
    UserDeleted,
)
from mvidarr_common.messages.ids import UserId, derive, name_key
from mvidarr_common.messages.queries import GetUser, ListUsers, Users, UserView


class User(Row, table="users", subject="user", whole=True):
    """One user; the id follows from the name, so that a name is there once."""

    username: str
    password_hash: str
    role: Role
    external_id: str | None
    added: datetime


model = ReadModel(rows=(User,), version=2)


@model.fold
def created(event: UserCreated, cause: Envelope, state: State) -> None:
    state.put(
        User(
            id=event.user_id,
            username=event.username,
            password_hash=event.password_hash,
            role=event.role,
            external_id=event.external_id,
            added=cause.time,
        )
    )


@model.fold
def password_changed(event: PasswordChanged, _: Envelope, state: State) -> None:
    user = state.get(User, event.user_id)
    if user:
        state.put(user.changed(password_hash=event.password_hash))


@model.fold
def role_changed(event: RoleChanged, _: Envelope, state: State) -> None:
    user = state.get(User, event.user_id)
    if user:
        state.put(user.changed(role=event.role))


@model.fold
def deleted(event: UserDeleted, _: Envelope, state: State) -> None:
    state.drop(User, event.user_id)


@model.decide
def create(command: CreateUser, _: Envelope, state: Known) -> Iterator[Decision]:
    id = user_id(command.username)
    if state.get(User, id):
        raise Conflict("username_taken", "There is a user of this name.", existing=id)
    yield UserCreated(
        user_id=id,
        username=command.username,
        password_hash=command.password_hash,
        role=command.role,
        external_id=command.external_id,
    )


@model.decide
def change_password(command: ChangePassword, _: Envelope, state: Known) -> Iterator[Decision]:
    existing(state, command.user_id)
    yield PasswordChanged(user_id=command.user_id, password_hash=command.password_hash)


@model.decide
def change_role(command: ChangeRole, _: Envelope, state: Known) -> Iterator[Decision]:
    user = existing(state, command.user_id)
    if user.role != command.role:
        _keep_an_administrator(state, user)
        yield RoleChanged(user_id=command.user_id, role=command.role)


@model.decide
def delete(command: DeleteUser, _: Envelope, state: Known) -> Iterator[Decision]:
    _keep_an_administrator(state, existing(state, command.user_id))
    yield UserDeleted(user_id=command.user_id)


@model.query
async def get(query: GetUser, read: Read) -> UserView:
    return user_view(await read.one(User, query.id, "user"))


@model.query
async def list_users(_: ListUsers, read: Read) -> Users:
    return Users(items=tuple(user_view(user) for user in await read.rows(User)))


def user_id(username: str) -> UserId:
    """The id of the user of this name, in whatever case it is written."""
    return UserId(derive("user", name_key(username)))


def user_view(user: User) -> UserView:
    """A user as people see them: without the password's hash."""
    return UserView(id=UserId(user.id), username=user.username, role=user.role, added=user.added)


def existing(state: Known, id: UserId) -> User:
    """The user of this id; raises NotFound."""
    user = state.get(User, id)
    if user is None:
        raise NotFound("user_not_found", f"There is no user {id}.")
    return user


def _keep_an_administrator(state: Known, leaving: User) -> None:
    others = [user for user in state.all(User) if user.role == "admin" and user.id != leaving.id]
    if leaving.role == "admin" and not others:
        raise Conflict("last_administrator", "Somebody has to remain administrator.")
