"""Who tried to log in and could not, and which keys are used: for the audit, and for pauses.

Nothing of it changes who may do what.
"""

from typing import Literal

from .base import Command, Event
from .ids import ApiKeyId, UserId
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


class NoteApiKeyUse(Command, wire="api_key.note_use", about="api_key:api_key_id"):
    """Somebody comes with this key; said once an hour at most."""

    api_key_id: ApiKeyId


class ApiKeyUsed(Event, wire="api_key.used", about="api_key:api_key_id"):
    api_key_id: ApiKeyId
