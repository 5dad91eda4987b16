"""Bearer tokens: JWT signed with ES256, checked against the keys that we know and one algorithm."""

import base64
import hashlib
import time
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jose import jwk, jwt
from jose.exceptions import ExpiredSignatureError, JOSEError

from mvidarr_common.errors import Unauthorized
from mvidarr_common.messages.ids import SessionId, UserId
from mvidarr_common.messages.queries import UserView
from mvidarr_common.secrets import InstanceKey

from .callers import RANKS, Caller

ALGORITHM = "ES256"
NAME = "mvidarr"
REMEMBERED = 1000


@dataclass(frozen=True)
class Proven:
    """What a token proves: who it was given to, and the state of their password then."""

    caller: Caller
    password_mark: str


class Tokens:
    """Signs tokens and checks them; every gateway of the installation has the same key."""

    def __init__(self, key: InstanceKey, lifetime: float) -> None:
        self._lifetime = lifetime
        self._private = (
            key.signing_key()
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode()
        )
        publics = [_public(each) for each in key.every]
        self._publics = {_kid(public): public for public in publics}
        self._kid = _kid(publics[0])
        self._proven: dict[bytes, Proven] = {}

    def jwks(self) -> dict[str, Any]:
        """The public keys for whoever wants to check tokens (RFC 7517): also those that have
        signed before, or will."""
        named = {"use": "sig", "alg": ALGORITHM}
        keys = [
            jwk.construct(public, ALGORITHM).to_dict() | named | {"kid": kid}
            for kid, public in self._publics.items()
        ]
        return {"keys": keys}

    def issue(
        self, user: UserView, password_hash: str, session_id: SessionId | None = None
    ) -> tuple[str, int]:
        """A token for a user, and its lifetime in seconds. It ends with its session."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": NAME,
            "aud": NAME,
            "sub": user.id,
            "name": user.username,
            "role": user.role,
            "pwd": password_mark(password_hash),
            "iat": now,
            "exp": now + int(self._lifetime),
        }
        if session_id is not None:
            claims["sid"] = session_id
        signed = jwt.encode(claims, self._private, ALGORITHM, headers={"kid": self._kid})
        return signed, int(self._lifetime)

    def check(self, token: str) -> Proven:
        """Who the token was given to; raises Unauthorized for any other than ours and valid. A
        signature is checked once: that takes half a millisecond, and its hash a microsecond."""
        key = hashlib.sha256(token.encode()).digest()
        proven = self._proven.get(key)
        if proven is None:
            proven = self._checked(token)
            if len(self._proven) >= REMEMBERED:
                self._proven.clear()
            self._proven[key] = proven
        proven.caller.require_valid()
        return proven

    def _checked(self, token: str) -> Proven:
        try:
            kid = jwt.get_unverified_header(token).get("kid", self._kid)
            claims = jwt.decode(
                token, self._publics[kid], [ALGORITHM], audience=NAME, issuer=NAME, options=REQUIRED
            )
        except ExpiredSignatureError:
            raise Unauthorized("token_expired", "The token has expired; log in again.") from None
        except (JOSEError, ValueError, TypeError, KeyError):
            raise Unauthorized("unauthenticated", "The token is not one of ours.") from None
        return _proven(claims)


REQUIRED = {f"require_{claim}": True for claim in ("exp", "iat", "sub", "aud", "iss")}


def password_mark(password_hash: str) -> str:
    """Changes with the password, and tells nothing of it: old tokens end with the old password."""
    digest = hashlib.sha256(password_hash.encode()).digest()
    return base64.urlsafe_b64encode(digest[:9]).decode()


def _public(key: InstanceKey) -> str:
    public = key.signing_key().public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _kid(public: str) -> str:
    """A key's name, from the key itself."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def _proven(claims: dict[str, Any]) -> Proven:
    if claims.get("role") not in RANKS:
        raise Unauthorized("unauthenticated", "The token names no role that we know.")
    caller = Caller(
        user_id=UserId(claims["sub"]),
        username=str(claims.get("name", "")),
        role=claims["role"],
        expires=float(claims["exp"]),
        session_id=SessionId(claims["sid"]) if "sid" in claims else None,
    )
    return Proven(caller, str(claims.get("pwd", "")))
