"""What takes the rights of a live client away, as facts of the log."""

from mvidarr_common.envelope import Envelope
from mvidarr_common.errors import Unauthorized
from mvidarr_common.messages import identity

from .callers import Caller

CHANGED = ("token_expired", "Your rights have changed; log in again.")
ENDING: dict[type, tuple[str, str]] = {
    identity.UserDeleted: CHANGED,
    identity.RoleChanged: CHANGED,
    identity.PasswordChanged: CHANGED,
    identity.ApiKeyRevoked: ("unauthenticated", "The API key was revoked."),
    identity.SessionRevoked: ("session_ended", "The session has ended; log in again."),
}
"""The code and the sentence with which the client whom a fact is about is cut."""


def belongings(caller: Caller) -> frozenset[str]:
    """The subjects on which this caller's rights stand."""
    key = {f"api_key/{caller.api_key_id}"} if caller.api_key_id else set()
    session = {f"session/{caller.session_id}"} if caller.session_id else set()
    return frozenset({f"user/{caller.user_id}", *key, *session})


def ended_by(envelope: Envelope) -> Unauthorized | None:
    """What those are told whose rights end with this fact."""
    why = ENDING.get(type(envelope.message))
    return None if why is None else Unauthorized(*why)
