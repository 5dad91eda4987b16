"""Links that are used once: invitations, and new passwords for those who have forgotten theirs."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Command, Event, Query
from .identity import Role
from .ids import PassId, UserId
from .notify import Channel
from .queries import Page, UserView, View

Purpose = Literal["invitation", "password"]


class SetContact(Command, wire="contact.set", about="user:user_id"):
    """Where a user is told what is for them alone. The address is sealed with the instance key."""

    user_id: UserId
    channel: Channel
    address: str


class ForgetContact(Command, wire="contact.forget", about="user:user_id"):
    user_id: UserId


class ContactSet(Event, wire="contact.set", about="user:user_id"):
    user_id: UserId
    channel: Channel
    address: str


class ContactForgotten(Event, wire="contact.forgotten", about="user:user_id"):
    user_id: UserId


class IssuePass(Command, wire="pass.issue", about="pass:pass_id"):
    """A link for somebody: to become a user of this role, or to set this user's password."""

    pass_id: PassId
    purpose: Purpose
    token_hash: str
    expires: datetime
    role: Role | None = None
    user_id: UserId | None = None


class WithdrawPass(Command, wire="pass.withdraw", about="pass:pass_id"):
    pass_id: PassId


class AcceptInvitation(Command, wire="pass.accept", about="pass:pass_id"):
    """Whoever holds the link becomes a user."""

    pass_id: PassId
    token_hash: str
    username: str = Field(min_length=1, max_length=100, pattern=r"^[^\s/:]+$")
    password_hash: str


class ResetPassword(Command, wire="pass.reset", about="pass:pass_id"):
    """Whoever holds the link sets the password of the user whose it is."""

    pass_id: PassId
    token_hash: str
    password_hash: str


class PassIssued(Event, wire="pass.issued", about="pass:pass_id"):
    pass_id: PassId
    purpose: Purpose
    token_hash: str
    expires: datetime
    role: Role | None = None
    user_id: UserId | None = None


class PassUsed(Event, wire="pass.used", about="pass:pass_id"):
    pass_id: PassId
    user_id: UserId


class PassWithdrawn(Event, wire="pass.withdrawn", about="pass:pass_id"):
    pass_id: PassId


class PassView(View):
    """A link that waits for whoever has it."""

    id: PassId
    purpose: Purpose
    expires: datetime
    role: Role | None
    user_id: UserId | None
    added: datetime


class Passes(Page):
    items: tuple[PassView, ...]


class ContactView(View):
    """For the gateway alone: how a user is reached."""

    user: UserView | None
    channel: Channel | None
    address: str | None


class ListPasses(Query[Passes], wire="pass.list", answer=Passes):
    pass


class FindContact(Query[ContactView], wire="contact.find", answer=ContactView):
    username: str
