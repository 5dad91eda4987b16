"""Who tried to log in and could not: for the audit, and for pauses between attempts."""

from typing import Literal

from .base import Command, Event
from .ids import UserId
from .sessions import Device, Method

WhyNot = Literal["unknown_user", "wrong_password", "wrong_code", "no_role", "name_taken"]


class ReportFailedLogin(Command, wire="login.report_failed", about="user:user_id"):
    """Somebody could not prove who they are. The id follows from the name that was given; the name
    itself is told only if there is such a user, since people type passwords into the wrong field.
    """

    user_id: UserId
    username: str | None = None
    method: Method
    reason: WhyNot
    device: Device = Device()


class LoginFailed(Event, wire="login.failed", about="user:user_id"):
    user_id: UserId
    username: str | None = None
    method: Method
    reason: WhyNot
    device: Device = Device()


class ForgetFailedLogins(Command, wire="login.forget_failed"):
    """Said by the clock: nobody fails there any more. `of` is what was counted."""

    of: str


class FailedLoginsForgotten(Event, wire="login.failed_forgotten"):
    of: str
