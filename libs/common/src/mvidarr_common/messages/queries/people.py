"""Questions about users and their keys, and about who wants to be told."""

from datetime import datetime

from mvidarr_common.messages.base import Query
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.ids import (
    ApiKeyId,
    SessionId,
    SubscriptionId,
    UserId,
)  # fmt: skip
from mvidarr_common.messages.notify import Channel
from mvidarr_common.messages.sessions import Device, Method

from .lists import Page, View


class SubscriptionView(View):
    """A subscription as people may see it: its address and secret stay sealed."""

    id: SubscriptionId
    name: str
    channel: Channel
    events: tuple[str, ...]
    enabled: bool


class SealedSubscription(View):
    """A subscription as the notifier needs it."""

    id: SubscriptionId
    channel: Channel
    address: str
    secret: str | None
    events: tuple[str, ...]


class UserView(View):
    id: UserId
    username: str
    role: Role
    added: datetime


class ApiKeyView(View):
    id: ApiKeyId
    user_id: UserId
    name: str
    role: Role
    expires: datetime | None
    added: datetime
    used: datetime | None = None
    """Within the hour."""
    scopes: tuple[str, ...] | None = None
    """What it may do, as far as the role goes; None for all."""


class SessionView(View):
    """A login that counts. `used` is when its tokens were last renewed."""

    id: SessionId
    user_id: UserId
    method: Method
    device: Device
    added: datetime
    used: datetime
    expires: datetime


class Credentials(View):
    """For the gateway alone: what proves who somebody is."""

    user: UserView | None
    password_hash: str | None = None
    api_key: ApiKeyView | None = None
    session: SessionView | None = None
    renewal: str | None = None
    """The command from which the session's refresh token follows."""
    second_factor: bool = False


class Factor(View):
    """A user's second factor: the app's secret is sealed, the recovery codes are hashes."""

    secret: str
    confirmed: bool
    last_step: int
    code_hashes: tuple[str, ...]


class LoginState(View):
    """For the gateway alone: what a login is checked against. `wait` is how many seconds nobody
    may try it; `anybody` is whether there is a user at all."""

    user: UserView | None
    password_hash: str | None = None
    factor: Factor | None = None
    wait: float = 0.0
    anybody: bool = True


class Subscriptions(Page):
    items: tuple[SubscriptionView, ...]


class SealedSubscriptions(Page):
    items: tuple[SealedSubscription, ...]


class Users(Page):
    items: tuple[UserView, ...]


class ApiKeys(Page):
    items: tuple[ApiKeyView, ...]


class Sessions(Page):
    items: tuple[SessionView, ...]


class GetSubscription(Query[SubscriptionView], wire="subscription.get", answer=SubscriptionView):
    id: SubscriptionId


class ListSubscriptions(Query[Subscriptions], wire="subscription.list", answer=Subscriptions):
    pass


class SubscriptionsTo(
    Query[SealedSubscriptions], wire="subscription.to", answer=SealedSubscriptions
):
    """For the notifier: who wants to be told of this type of event."""

    event_type: str


class ListUsers(Query[Users], wire="user.list", answer=Users):
    pass


class GetUser(Query[UserView], wire="user.get", answer=UserView):
    id: UserId


class ListApiKeys(Query[ApiKeys], wire="api_key.list", answer=ApiKeys):
    user_id: UserId | None = None


class ListSessions(Query[Sessions], wire="session.list", answer=Sessions):
    """The logins of a user that count, the last used first."""

    user_id: UserId


class FindLogin(Query[LoginState], wire="login.find", answer=LoginState):
    """For the gateway: may somebody who comes from there try to be this user?"""

    username: str
    remote: str | None = None
    mark: str | None = None


class FindCredentials(Query[Credentials], wire="credentials.find", answer=Credentials):
    """For the gateway: by user name, by user id, or by the hash of an API key. A session is told
    only while it counts, and only with its own user; and a key by its id with its own."""

    username: str | None = None
    user_id: UserId | None = None
    key_hash: str | None = None
    external_id: str | None = None
    session_id: SessionId | None = None
    api_key_id: ApiKeyId | None = None
