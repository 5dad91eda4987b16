"""From a user name, a password and a code to a session. Whatever fails takes as long as what does
not, is written down, and counts towards a pause."""

from typing import Literal

from starlette.requests import Request

from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Conflict, TooMany, Unauthorized, Unavailable
from mvidarr_common.messages.ids import UserId, derive, name_key
from mvidarr_common.messages.logins import LoginFailed, ReportFailedLogin, WhyNot
from mvidarr_common.messages.queries import Factor, FindLogin, LoginState, UserView
from mvidarr_common.messages.sessions import Device, Method

from .bodies import Login
from .browsers import mark_of
from .deciding import asked_now, decided
from .deps import Deps
from .sessions import NO_FACTOR, Opened, Proof, device_of, open_session
from .totp import recovery_hash, step_of

WRONG = Unauthorized("wrong_credentials", "User name or password is wrong.")
WRONG_CODE = Unauthorized("wrong_code", "The code is wrong, or was used before.")


async def log_in(request: Request, deps: Deps, body: Login) -> Opened:
    """A session for who proves to be this user. Logins from one address come one by one: what has
    failed counts before the next is tried."""
    mark = mark_of(request, deps, UserId(derive("user", name_key(body.username))))
    device = device_of(request).model_copy(update={"mark": mark})
    async with deps.passwords.turn(device.remote or ""):
        state = await _state(deps, body.username, device)
        user = await _with_password(deps, body, state, device)
        proof = await _with_code(deps, body, state.factor, user, device)
        try:
            return await open_session(request, deps, user, "password", proof, device)
        except Conflict:
            await report(deps, user.username, user, "password", "wrong_code", device)
            raise Unauthorized(WRONG_CODE.code, WRONG_CODE.message) from None


async def report(
    deps: Deps, name: str, user: UserView | None, method: Method, why: WhyNot, device: Device
) -> None:
    """Write down that somebody was not let in."""
    id = user.id if user else UserId(derive("user", name_key(name)))
    known = user.username if user else None
    failed = ReportFailedLogin(user_id=id, username=known, method=method, reason=why, device=device)
    await decided(deps, fresh(failed, source="api-gateway", actor=f"user/{id}"), LoginFailed)


async def _state(deps: Deps, username: str, device: Device) -> LoginState:
    state = await asked_now(
        deps, FindLogin(username=username, remote=device.remote, mark=device.mark)
    )
    if not state.anybody:
        raise Unavailable("not_ready", "The first administrator is being made.", after=1)
    if state.wait > 0:
        sentence = "Too many logins have failed; the next is looked at after a pause."
        raise TooMany("login_paused", sentence, after=state.wait)
    return state


async def _with_password(deps: Deps, body: Login, state: LoginState, device: Device) -> UserView:
    given = body.password.get_secret_value()
    right = await deps.passwords.matches(state.password_hash, given)
    if right and state.user is not None:
        return state.user
    why: Literal["unknown_user", "wrong_password"]
    why = "wrong_password" if state.user else "unknown_user"
    await report(deps, body.username, state.user, "password", why, device)
    raise Unauthorized(WRONG.code, WRONG.message)


async def _with_code(
    deps: Deps, body: Login, factor: Factor | None, user: UserView, device: Device
) -> Proof:
    if factor is None or not factor.confirmed:
        return NO_FACTOR
    if body.code is None:
        raise Unauthorized("second_factor_required", "Send the code of your app, too.")
    proof = proof_of(deps, factor, body.code.get_secret_value())
    if proof is None:
        await report(deps, user.username, user, "password", "wrong_code", device)
        raise Unauthorized(WRONG_CODE.code, WRONG_CODE.message)
    return proof


def proof_of(deps: Deps, factor: Factor, code: str) -> Proof | None:
    """What a code proves: that it is of the app and now, or one of the recovery codes."""
    step = step_of(deps.key.unseal(factor.secret), code.strip())
    if step is not None:
        return Proof(step=step)
    hashed = recovery_hash(code)
    return Proof(recovery_hash=hashed) if hashed in factor.code_hashes else None
