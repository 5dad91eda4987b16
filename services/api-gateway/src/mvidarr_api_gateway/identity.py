"""From credentials to a caller: tokens, borne or in a cookie, and API keys known by their hash.

A token is checked against the user's present state, so that a deletion, a new role or a new
password counts at once; while the brain is away the signed token's own word counts.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from mvidarr_common.errors import Unauthorized, Unavailable
from mvidarr_common.messages.identity import Role
from mvidarr_common.messages.queries import (
    ApiKeyView,
    Credentials,
    FindCredentials,
    SessionView,
    UserView,
)
from mvidarr_common.secrets import InstanceKey

from .callers import Caller, Holder, lesser
from .cookies import ACCESS, cookie
from .csrf import require_own_page
from .key_use import KeyUse
from .reads import Reads
from .tokens import Proven, Tokens, password_mark

PATIENCE = 1.0
NOBODY = Unauthorized(
    "unauthenticated", "Who is asking? Send Authorization: Bearer <token>, or X-Api-Key."
)


def key_hash(api_key: str) -> str:
    """What the catalog knows of an API key."""
    return hashlib.sha256(api_key.encode()).hexdigest()


class Identity:
    """Finds out who is asking."""

    def __init__(
        self,
        reads: Reads,
        tokens: Tokens,
        key: InstanceKey,
        enrolling: tuple[Role, ...],
        use: KeyUse,
    ) -> None:
        self._reads = reads
        self._tokens = tokens
        self._key = key
        self._enrolling = enrolling
        self._use = use

    async def of_headers(self, headers: Mapping[str, str], method: str = "GET") -> Caller:
        """The caller of a request; raises Unauthorized, or Forbidden for the page of another site
        that makes a browser use its cookies."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return await self.of_token(token.strip())
        if api_key := headers.get("x-api-key"):
            return await self.of_api_key(api_key)
        if kept := cookie(headers, ACCESS):
            return await self._of_cookie(kept, headers, method)
        raise Unauthorized(NOBODY.code, NOBODY.message)

    async def of_token(self, token: str) -> Caller:
        """The caller whom a token names, as they are now."""
        proven = self._tokens.check(token)
        caller = proven.caller
        asked = FindCredentials(user_id=caller.user_id, session_id=caller.session_id)
        try:
            return self._as_now(proven, await self._reads.read(asked, PATIENCE))
        except Unavailable:
            return caller

    def _as_now(self, proven: Proven, found: Credentials) -> Caller:
        session = _session_of(proven, found)
        assert found.user is not None
        role = found.user.role
        by_password = session is not None and session.method == "password"
        must = by_password and role in self._enrolling and not found.second_factor
        return replace(proven.caller, username=found.user.username, role=role, must_enrol=must)

    async def of_holder(self, holder: Holder) -> Caller:
        """The caller who holds a ticket that was made so, and may look and nothing more."""
        user, session, key = holder.user_id, holder.session_id, holder.api_key_id
        asked = FindCredentials(user_id=user, session_id=session, api_key_id=key)
        found = await self._reads.read(asked)
        if found.user is None:
            raise Unauthorized("unauthenticated", "The user of this ticket is gone.")
        if session is not None and found.session is None:
            raise Unauthorized("session_ended", "The session that made this ticket has ended.")
        if key is not None and found.api_key is None:
            raise Unauthorized("unauthenticated", "The API key that made this ticket is gone.")
        expires = _end_of(found.api_key) if found.api_key else None
        caller = Caller(user, found.user.username, "readonly", key, expires, session)
        caller.require_valid()
        return caller

    async def _of_cookie(self, token: str, headers: Mapping[str, str], method: str) -> Caller:
        caller = await self.of_token(token)
        if caller.session_id is None:
            raise Unauthorized(NOBODY.code, NOBODY.message)
        require_own_page(headers, method, self._key, caller.session_id)
        return caller

    async def of_api_key(self, api_key: str) -> Caller:
        """The caller whose key this is, with the key's role or their own if it is less."""
        found = await self._reads.read(FindCredentials(key_hash=key_hash(api_key)))
        if found.api_key is None or found.user is None:
            raise Unauthorized("unauthenticated", "The API key is not known.")
        caller = _with_key(found.user, found.api_key)
        self._use.note(found.api_key)
        return caller


def _session_of(proven: Proven, found: Credentials) -> SessionView | None:
    """The session that counts, if the token is of one; raises Unauthorized when it has ended."""
    if found.user is None or found.password_hash is None:
        raise Unauthorized("unauthenticated", "The user of this token is gone.")
    if proven.caller.session_id is not None and found.session is None:
        raise Unauthorized("session_ended", "The session has ended; log in again.")
    if password_mark(found.password_hash) != proven.password_mark:
        raise Unauthorized("token_expired", "The password was changed; log in again.")
    return found.session


def _with_key(user: UserView, key: ApiKeyView) -> Caller:
    role = lesser(user.role, key.role)
    caller = Caller(user.id, user.username, role, key.id, _end_of(key), scopes=key.scopes)
    caller.require_valid()
    return caller


def _end_of(key: ApiKeyView) -> float | None:
    return key.expires.timestamp() if key.expires else None
