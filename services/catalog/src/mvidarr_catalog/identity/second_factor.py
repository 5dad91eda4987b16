"""Second factors: a secret that a user's phone knows, too, and codes for when it is lost."""

from collections.abc import Iterator

from mvidarr_catalog.brain.model import Decision, ReadModel
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State
from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Conflict, NotFound
from mvidarr_common.messages.identity import (
    ConfirmSecondFactor,
    EnrolSecondFactor,
    RecoveryCodesRenewed,
    RemoveSecondFactor,
    RenewRecoveryCodes,
    SecondFactorConfirmed,
    SecondFactorEnrolled,
    SecondFactorRemoved,
    UserDeleted,
)
from mvidarr_common.messages.sessions import SessionStarted, StartSession

from .users import existing


class SecondFactor(Row, table="second_factors"):
    """Of one user. It counts once it is confirmed; `last_step` is the newest code that was used."""

    secret: str
    confirmed: bool
    last_step: int
    code_hashes: tuple[str, ...]


model = ReadModel(rows=(SecondFactor,), version=1)


@model.fold
def enrolled(event: SecondFactorEnrolled, _: Envelope, state: State) -> None:
    state.put(
        SecondFactor(
            id=event.user_id, secret=event.secret, confirmed=False, last_step=0, code_hashes=()
        )
    )


@model.fold
def confirmed(event: SecondFactorConfirmed, _: Envelope, state: State) -> None:
    factor = state.get(SecondFactor, event.user_id)
    if factor:
        hashes = event.code_hashes
        state.put(factor.changed(confirmed=True, last_step=event.step, code_hashes=hashes))


@model.fold
def renewed(event: RecoveryCodesRenewed, _: Envelope, state: State) -> None:
    factor = state.get(SecondFactor, event.user_id)
    if factor:
        state.put(factor.changed(code_hashes=event.code_hashes))


@model.fold
def used(event: SessionStarted, _: Envelope, state: State) -> None:
    factor = state.get(SecondFactor, event.user_id)
    if factor:
        rest = tuple(each for each in factor.code_hashes if each != event.recovery_hash)
        last = max(factor.last_step, event.step or 0)
        state.put(factor.changed(last_step=last, code_hashes=rest))


@model.fold
def removed(event: SecondFactorRemoved, _: Envelope, state: State) -> None:
    state.drop(SecondFactor, event.user_id)


@model.fold
def user_deleted(event: UserDeleted, _: Envelope, state: State) -> None:
    state.drop(SecondFactor, event.user_id)


@model.decide
def enrol(command: EnrolSecondFactor, _: Envelope, state: Known) -> Iterator[Decision]:
    user = existing(state, command.user_id)
    factor = state.get(SecondFactor, user.id)
    if factor and factor.confirmed:
        raise Conflict("second_factor_present", "There is a second factor; remove it first.")
    yield SecondFactorEnrolled(user_id=command.user_id, secret=command.secret)


@model.decide
def confirm(command: ConfirmSecondFactor, _: Envelope, state: Known) -> Iterator[Decision]:
    if _known(state, command.user_id).confirmed:
        raise Conflict("second_factor_present", "The second factor is confirmed already.")
    yield SecondFactorConfirmed(**command.model_dump(by_alias=False))


@model.decide
def renew(command: RenewRecoveryCodes, _: Envelope, state: Known) -> Iterator[Decision]:
    factor = _known(state, command.user_id)
    require_unused(factor, command.step, None)
    yield RecoveryCodesRenewed(**command.model_dump(by_alias=False))


@model.decide
def remove(command: RemoveSecondFactor, _: Envelope, state: Known) -> Iterator[Decision]:
    _known(state, command.user_id)
    yield SecondFactorRemoved(user_id=command.user_id)


def require_second(command: StartSession, state: Known) -> None:
    """Raise Conflict unless a login by password brings the second factor that there is. Who came
    by another way was asked for it there."""
    factor = state.get(SecondFactor, command.user_id)
    if factor is not None and factor.confirmed and command.method == "password":
        require_unused(factor, command.step, command.recovery_hash)


def require_unused(factor: SecondFactor, step: int | None, recovery_hash: str | None) -> None:
    """Raise Conflict for a code that was used before."""
    fresh = step is not None and step > factor.last_step
    if not (fresh or recovery_hash in factor.code_hashes):
        raise Conflict("code_used", "The code was used before; wait for the next one.")


def _known(state: Known, user: str) -> SecondFactor:
    factor = state.get(SecondFactor, user)
    if factor is None:
        raise NotFound("second_factor_not_found", "There is no second factor.")
    return factor
