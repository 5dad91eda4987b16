"""Links that are used once, known by a hash; and where users are told what is for them alone."""

from collections.abc import Iterator
from datetime import UTC, datetime

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages.identity import PasswordChanged, Role, UserCreated, UserDeleted
from mvidarr_common.messages.ids import PassId, UserId
from mvidarr_common.messages.notify import Channel
from mvidarr_common.messages.passes import (
    AcceptInvitation,
    ContactForgotten,
    ContactSet,
    ContactView,
    FindContact,
    ForgetContact,
    IssuePass,
    ListPasses,
    Passes,
    PassIssued,
    PassUsed,
    PassView,
    PassWithdrawn,
    Purpose,
    ResetPassword,
    SetContact,
    WithdrawPass,
)

from .users import User, existing, user_id, user_view


class Pass(Row, table="passes", subject="pass"):
    """One link that was not used yet."""

    purpose: Purpose
    token_hash: str
    expires: datetime
    role: Role | None
    user_id: UserId | None
    added: datetime


class Contact(Row, table="contacts"):
    """Of one user."""

    channel: Channel
    address: str


model = ReadModel(rows=(Pass, Contact), version=1)


@model.fold
def issued(event: PassIssued, cause: Envelope, state: State) -> None:
    fields = event.model_dump(by_alias=False, exclude={"pass_id"})
    state.put(Pass(id=event.pass_id, added=cause.time, **fields))


@model.fold
def used(event: PassUsed, _: Envelope, state: State) -> None:
    state.drop(Pass, event.pass_id)


@model.fold
def withdrawn(event: PassWithdrawn, _: Envelope, state: State) -> None:
    state.drop(Pass, event.pass_id)


@model.fold
def contact_set(event: ContactSet, _: Envelope, state: State) -> None:
    state.put(Contact(id=event.user_id, channel=event.channel, address=event.address))


@model.fold
def contact_forgotten(event: ContactForgotten, _: Envelope, state: State) -> None:
    state.drop(Contact, event.user_id)


@model.fold
def user_deleted(event: UserDeleted, _: Envelope, state: State) -> None:
    state.drop(Contact, event.user_id)


@model.decide
def issue(command: IssuePass, _: Envelope, state: Known) -> Iterator[Decision]:
    if command.user_id is not None:
        existing(state, command.user_id)
    yield PassIssued(**command.model_dump(by_alias=False))


@model.decide
def withdraw(command: WithdrawPass, _: Envelope, state: Known) -> Iterator[Decision]:
    if state.get(Pass, command.pass_id) is None:
        raise NotFound("pass_not_found", f"There is no link {command.pass_id}.")
    yield PassWithdrawn(pass_id=command.pass_id)


@model.decide
def accept(command: AcceptInvitation, cause: Envelope, state: Known) -> Iterator[Decision]:
    found = _valid(state, command, "invitation", cause.time)
    id = user_id(command.username)
    if state.get(User, id):
        raise Conflict("username_taken", "There is a user of this name.", existing=id)
    assert found.role is not None
    yield UserCreated(
        user_id=id,
        username=command.username,
        password_hash=command.password_hash,
        role=found.role,
    )
    yield PassUsed(pass_id=command.pass_id, user_id=id)


@model.decide
def reset(command: ResetPassword, cause: Envelope, state: Known) -> Iterator[Decision]:
    found = _valid(state, command, "password", cause.time)
    user = existing(state, found.user_id or UserId(""))
    yield PasswordChanged(user_id=UserId(user.id), password_hash=command.password_hash)
    yield PassUsed(pass_id=command.pass_id, user_id=UserId(user.id))


@model.decide
def set_contact(command: SetContact, _: Envelope, state: Known) -> Iterator[Decision]:
    existing(state, command.user_id)
    yield ContactSet(**command.model_dump(by_alias=False))


@model.decide
def forget_contact(command: ForgetContact, _: Envelope, state: Known) -> Iterator[Decision]:
    if state.get(Contact, command.user_id):
        yield ContactForgotten(user_id=command.user_id)


@model.query
async def list_passes(_: ListPasses, read: Read) -> Passes:
    found = await read.rows(Pass, read.table(Pass).c.expires > datetime.now(UTC))
    return Passes(items=tuple(_view(row) for row in found))


@model.query
async def find_contact(query: FindContact, read: Read) -> ContactView:
    """What is not known is empty: nobody learns from the answer whether there is such a user."""
    id = user_id(query.username)
    users = await read.rows(User, read.table(User).c.id == id)
    found = await read.rows(Contact, read.table(Contact).c.id == id)
    return ContactView(
        user=user_view(users[0]) if users else None,
        channel=found[0].channel if found else None,
        address=found[0].address if found else None,
    )


def _valid(
    state: Known, command: AcceptInvitation | ResetPassword, purpose: Purpose, now: datetime
) -> Pass:
    """The link, if it is the right one and was not used; raises NotFound."""
    found = state.get(Pass, command.pass_id)
    right = found is not None and (found.purpose, found.token_hash) == (purpose, command.token_hash)
    if found is None or not right or found.expires <= now:
        raise NotFound("link_not_found", "The link is none of ours, was used, or has expired.")
    return found


def _view(row: Pass) -> PassView:
    fields = row.model_dump(by_alias=False, exclude={"id", "token_hash"})
    return PassView(id=PassId(row.id), **fields)
