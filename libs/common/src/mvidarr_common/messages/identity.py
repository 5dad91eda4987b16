"""People and their keys. Passwords come as Argon2 hashes and keys as SHA-256, never clear."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import Command, Event
from .ids import ApiKeyId, SessionId, UserId

Role = Literal["admin", "manager", "user", "readonly"]
EndOfSession = Literal["logout", "revoked", "reused", "too_many"]
"""Why a session ends: "reused" is a refresh token that came twice, so somebody has a copy."""


class CreateUser(Command, wire="user.create"):
    username: str = Field(min_length=1, max_length=100, pattern=r"^[^\s/:]+$")
    password_hash: str
    role: Role
    external_id: str | None = None
    """Who they are for the provider of logins, as a hash."""


class ChangePassword(Command, wire="user.change_password", about="user:user_id"):
    user_id: UserId
    password_hash: str


class ChangeRole(Command, wire="user.change_role", about="user:user_id"):
    user_id: UserId
    role: Role


class DeleteUser(Command, wire="user.delete", about="user:user_id"):
    user_id: UserId


class UserCreated(Event, wire="user.created", about="user:user_id"):
    user_id: UserId
    username: str
    password_hash: str
    role: Role
    external_id: str | None = None


class PasswordChanged(Event, wire="user.password_changed", about="user:user_id"):
    user_id: UserId
    password_hash: str


class RoleChanged(Event, wire="user.role_changed", about="user:user_id"):
    user_id: UserId
    role: Role


class UserDeleted(Event, wire="user.deleted", about="user:user_id"):
    user_id: UserId


class CreateApiKey(Command, wire="api_key.create", about="user:user_id"):
    user_id: UserId
    name: str = Field(min_length=1, max_length=100)
    key_hash: str
    role: Role
    expires: datetime | None = None
    scopes: tuple[str, ...] | None = None


class RevokeApiKey(Command, wire="api_key.revoke", about="api_key:api_key_id"):
    api_key_id: ApiKeyId


class ApiKeyCreated(Event, wire="api_key.created", about="api_key:api_key_id"):
    api_key_id: ApiKeyId
    user_id: UserId
    name: str
    key_hash: str
    role: Role
    expires: datetime | None = None
    scopes: tuple[str, ...] | None = None


class ApiKeyRevoked(Event, wire="api_key.revoked", about="api_key:api_key_id"):
    api_key_id: ApiKeyId


class SessionRevoked(Event, wire="session.revoked", about="session:session_id"):
    """A login counts no more: neither its refresh token nor its access tokens."""

    session_id: SessionId
    user_id: UserId
    reason: EndOfSession = "revoked"


class EnrolSecondFactor(Command, wire="second_factor.enrol", about="user:user_id"):
    """A secret for an authenticator app, sealed with the instance key."""

    user_id: UserId
    secret: str


class ConfirmSecondFactor(Command, wire="second_factor.confirm", about="user:user_id"):
    """The app has shown the code of this step. The codes for when it is lost come as hashes."""

    user_id: UserId
    step: int
    code_hashes: tuple[str, ...]


class RenewRecoveryCodes(Command, wire="second_factor.renew_codes", about="user:user_id"):
    user_id: UserId
    step: int
    code_hashes: tuple[str, ...]


class RemoveSecondFactor(Command, wire="second_factor.remove", about="user:user_id"):
    user_id: UserId


class SecondFactorEnrolled(Event, wire="second_factor.enrolled", about="user:user_id"):
    user_id: UserId
    secret: str


class SecondFactorConfirmed(Event, wire="second_factor.confirmed", about="user:user_id"):
    user_id: UserId
    step: int
    code_hashes: tuple[str, ...]


class RecoveryCodesRenewed(Event, wire="second_factor.codes_renewed", about="user:user_id"):
    user_id: UserId
    step: int
    code_hashes: tuple[str, ...]


class SecondFactorRemoved(Event, wire="second_factor.removed", about="user:user_id"):
    user_id: UserId
