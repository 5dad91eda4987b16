"""Those whom others have checked: a provider of logins, or a proxy of ours. They become users, and
keep the role that is said of them now."""

from starlette.requests import Request

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Conflict, Forbidden
from mvidarr_common.messages.identity import ChangeRole, CreateUser, Role, UserCreated
from mvidarr_common.messages.ids import UserId
from mvidarr_common.messages.logins import WhyNot
from mvidarr_common.messages.queries import FindCredentials, UserView
from mvidarr_common.messages.sessions import Method

from .deciding import SOURCE, asked_now, decided
from .deps import Deps
from .logins import report
from .oidc import Stranger
from .passwords import NO_PASSWORD
from .sessions import Opened, device_of, open_session


async def welcome(request: Request, deps: Deps, stranger: Stranger) -> Opened:
    """A session for whom the provider has told us of, with the role that it gives them now."""
    found = await asked_now(deps, FindCredentials(external_id=stranger.external_id))
    if stranger.role is None:
        raise await _refused(request, deps, stranger.username, found.user, "oidc", "no_role")
    user = found.user or await _made(
        request, deps, stranger.username, stranger.role, "oidc", stranger.external_id
    )
    if user.role != stranger.role:
        wish = ChangeRole(user_id=user.id, role=stranger.role)
        await decided(deps, fresh(wish, source=SOURCE, actor="system"))
    return await open_session(request, deps, user, "oidc")


async def believe(request: Request, deps: Deps, username: str) -> Opened:
    """A session for whom our proxy names; who is not known yet gets the role of the settings."""
    found = await asked_now(deps, FindCredentials(username=username))
    role = deps.settings.trusted_role
    if found.user is None and role is None:
        raise await _refused(request, deps, username, None, "proxy", "no_role")
    if found.user is None:
        assert role is not None
        made = await _made(request, deps, username, role, "proxy", None)
        return await open_session(request, deps, made, "proxy")
    return await open_session(request, deps, found.user, "proxy")


async def _made(
    request: Request, deps: Deps, username: str, role: Role, method: Method, external: str | None
) -> UserView:
    """A new user. Nobody takes over one who is there by bearing the same name elsewhere."""
    wish = CreateUser(username=username, password_hash=NO_PASSWORD, role=role, external_id=external)
    try:
        made = await decided(deps, fresh(wish, source=SOURCE, actor="system"), UserCreated)
    except Conflict:
        raise await _refused(request, deps, username, None, method, "name_taken") from None
    assert isinstance(made, UserCreated)
    return await _user(deps, made.user_id)


async def _user(deps: Deps, id: UserId) -> UserView:
    found = (await asked_now(deps, FindCredentials(user_id=id))).user
    assert found is not None
    return found


async def _refused(
    request: Request, deps: Deps, name: str, user: UserView | None, method: Method, why: WhyNot
) -> Forbidden:
    await report(deps, name, user, method, why, device_of(request))
    return Forbidden(why, REASONS[why])


REASONS: dict[WhyNot, str] = {
    "no_role": "Nobody has given this user a role here.",
    "name_taken": "There is another user of this name here.",
}
