"""One's own second factor: an app that shows codes, and recovery codes for when it is lost."""

from fastapi import Request, Response

from mvidarr_api_gateway.answers import DECIDED
from mvidarr_api_gateway.bodies import Code
from mvidarr_api_gateway.callers import Caller
from mvidarr_api_gateway.commanding import NOTHING, perform
from mvidarr_api_gateway.deciding import asked_now, decided
from mvidarr_api_gateway.deps import Deps
from mvidarr_api_gateway.guard import Asker, Given, guarded_router, needs
from mvidarr_api_gateway.responses import json_value
from mvidarr_api_gateway.totp import hashes_of, new_recovery_codes, new_secret, step_of, uri_of
from mvidarr_common.envelope import fresh
from mvidarr_common.errors import Conflict, Invalid, NotFound
from mvidarr_common.messages import Command, Value
from mvidarr_common.messages.identity import (
    ConfirmSecondFactor,
    EnrolSecondFactor,
    RemoveSecondFactor,
    RenewRecoveryCodes,
)
from mvidarr_common.messages.queries import Factor, FindLogin

router = guarded_router("/api/v1/auth/second-factor", "auth")
OWN = needs("readonly", enrolling=True)
UNSEEN = {"Cache-Control": "no-store"}


class FactorView(Value):
    """How many logins without the app are left, if there is a second factor."""

    confirmed: bool
    recovery_codes_left: int


class FactorSecret(Value):
    """What an authenticator app is given; `uri` is it as a QR code holds it."""

    secret: str
    uri: str


class RecoveryCodes(Value):
    """Each opens once in place of a code of the app. They are never shown again."""

    recovery_codes: tuple[str, ...]


@router.get("", openapi_extra=OWN, response_model=FactorView)
async def state(caller: Asker, deps: Given) -> Response:
    """Whether there is one, and how many recovery codes are left."""
    factor = await _factor(caller, deps)
    confirmed = factor is not None and factor.confirmed
    left = len(factor.code_hashes) if factor else 0
    return json_value({"confirmed": confirmed, "recoveryCodesLeft": left})


@router.post("", openapi_extra=OWN | DECIDED, response_model=FactorSecret)
async def enrol(caller: Asker, deps: Given) -> Response:
    """A new secret, to be shown to the app; it counts once a code of it is confirmed."""
    _require_session(caller)
    secret = new_secret()
    await _do(caller, deps, EnrolSecondFactor(user_id=caller.user_id, secret=deps.key.seal(secret)))
    told = {"secret": secret, "uri": uri_of(secret, caller.username)}
    return json_value(told, headers=UNSEEN)


@router.post("/confirm", openapi_extra=OWN | DECIDED, response_model=RecoveryCodes)
async def confirm(body: Code, caller: Asker, deps: Given) -> Response:
    """From now on a login needs a code. The recovery codes are told once."""
    step, codes = await _step(body, caller, deps), new_recovery_codes()
    wish = ConfirmSecondFactor(user_id=caller.user_id, step=step, code_hashes=hashes_of(codes))
    await _do(caller, deps, wish)
    return json_value({"recoveryCodes": codes}, headers=UNSEEN)


@router.post("/recovery-codes", openapi_extra=OWN | DECIDED, response_model=RecoveryCodes)
async def renew(body: Code, caller: Asker, deps: Given) -> Response:
    """New recovery codes in place of all old ones."""
    step, codes = await _step(body, caller, deps), new_recovery_codes()
    wish = RenewRecoveryCodes(user_id=caller.user_id, step=step, code_hashes=hashes_of(codes))
    await _do(caller, deps, wish)
    return json_value({"recoveryCodes": codes}, headers=UNSEEN)


@router.post("/remove", openapi_extra=OWN, status_code=204)
async def remove(body: Code, caller: Asker, deps: Given, request: Request) -> Response:
    """Log in without one again."""
    await _step(body, caller, deps)
    return await perform(request, RemoveSecondFactor(user_id=caller.user_id), NOTHING)


async def _factor(caller: Caller, deps: Deps) -> Factor | None:
    return (await asked_now(deps, FindLogin(username=caller.username))).factor


async def _step(body: Code, caller: Caller, deps: Deps) -> int:
    _require_session(caller)
    factor = await _factor(caller, deps)
    if factor is None:
        raise NotFound("second_factor_not_found", "There is no second factor.")
    step = step_of(deps.key.unseal(factor.secret), body.code.get_secret_value().strip())
    if step is None:
        raise Invalid("invalid_code", "The code is not that of the app at this moment.")
    if step <= factor.last_step:
        raise Conflict("code_used", "The code was used before; wait for the next one.")
    return step


async def _do(caller: Caller, deps: Deps, command: Command) -> None:
    await decided(deps, fresh(command, source="api-gateway", actor=caller.actor))


def _require_session(caller: Caller) -> None:
    if caller.session_id is None:
        raise Conflict("no_session", "A second factor is set in a session, not by an API key.")
