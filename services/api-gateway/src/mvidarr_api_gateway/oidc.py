"""Logins by somebody else's word: OpenID Connect, authorisation code with PKCE.

The provider is the one of the settings, and nothing but it is ever asked: every address that its
description names must lie at the same host, or at those that the settings allow.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from jose import jwt
from jose.exceptions import JOSEError
from pydantic import BaseModel, ValidationError

from mvidarr_common.errors import NotFound, Unauthorized, Unavailable
from mvidarr_common.messages import Value
from mvidarr_common.messages.identity import Role
from mvidarr_common.secrets import InstanceKey

from .callers import RANKS
from .settings import GatewaySettings

ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512")
"""Signatures by public keys alone: with a shared secret anybody who has it could sign."""
PATIENCE = 10.0
KEPT = 3600.0
AGAIN = 60.0
"""Seconds for which a provider's description is kept, and before its keys are asked for again."""
LARGEST = 256 * 1024
LIFETIME = 600


class Provider(BaseModel):
    """What a provider says of itself, as far as we need it (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Journey(Value):
    """What we must know when somebody comes back. The browser carries it, sealed."""

    state: str
    nonce: str
    verifier: str
    to: str
    until: float


@dataclass(frozen=True)
class Stranger:
    """Whom the provider has told us of. The id is theirs for ever, the name may change."""

    external_id: str
    username: str
    role: Role | None


class Oidc:
    """Talks to the configured provider."""

    def __init__(self, settings: GatewaySettings, key: InstanceKey) -> None:
        self._settings = settings
        self._key = key
        self._provider: tuple[float, Provider] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None
        self._asking = asyncio.Lock()

    @property
    def configured(self) -> bool:
        """Whether there is a provider."""
        return self._settings.oidc_issuer is not None

    async def departure(self, callback: str, to: str) -> tuple[str, str]:
        """Where to send somebody, and what their browser shall carry meanwhile."""
        provider = await self._known()
        journey = Journey(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            to=to,
            until=time.time() + LIFETIME,
        )
        challenge = hashlib.sha256(journey.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": callback,
            "scope": self._settings.oidc_scopes,
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in provider.authorization_endpoint else "?"
        address = f"{provider.authorization_endpoint}{joint}{urlencode(asked)}"
        return address, self._key.seal(journey.model_dump_json())

    def journey(self, carried: str | None, state: str) -> Journey:
        """The journey that this browser began; raises Unauthorized for any other."""
        try:
            journey = Journey.model_validate_json(self._key.unseal(carried or ""))
        except Exception:
            raise _refused("The login was begun in another browser, or too long ago.") from None
        known = hmac.compare_digest(journey.state.encode(), state.encode())
        if not known or journey.until < time.time():
            raise _refused("The login was begun in another browser, or too long ago.")
        return journey

    async def arrival(self, journey: Journey, code: str, callback: str) -> Stranger:
        """Whom the provider's code stands for; raises Unauthorized."""
        provider = await self._known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback,
            "client_id": self._settings.oidc_client_id or "",
            "code_verifier": journey.verifier,
        }
        secret = self._settings.oidc_client_secret
        if secret is not None:
            form["client_secret"] = secret.get_secret_value()
        told = await self._fetched("POST", provider.token_endpoint, data=form)
        claims = await self._claims(provider, str(told.get("id_token", "")))
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), journey.nonce.encode()):
            raise _refused("The provider's answer belongs to another login.")
        return self._stranger(provider, claims)

    async def _claims(self, provider: Provider, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise _refused("The provider signs in a way that is not taken.")
            key = await self._signing_key(provider, header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                [header["alg"]],
                audience=self._settings.oidc_client_id,
                issuer=provider.issuer,
                options=REQUIRED,
            )
        except (JOSEError, ValueError, TypeError, KeyError):
            raise _refused("The provider's word does not hold.") from None
        if claims.get("azp", self._settings.oidc_client_id) != self._settings.oidc_client_id:
            raise _refused("The provider's word is meant for somebody else.")
        return dict(claims)

    async def _signing_key(self, provider: Provider, kid: Any) -> dict[str, Any]:
        """By its id. One that is not known is asked for again, now and then: keys are rotated."""
        found = _of_id(self._keys[1], kid) if self._keys else None
        if found is None and (self._keys is None or self._keys[0] + AGAIN < time.monotonic()):
            fetched = await self._fetched("GET", provider.jwks_uri)
            self._keys = (time.monotonic(), fetched)
            found = _of_id(fetched, kid)
        if found is None:
            raise _refused("The provider does not know the key that has signed.")
        return found

    async def _known(self) -> Provider:
        """The provider's description, asked for now and then."""
        issuer = self._settings.oidc_issuer
        if issuer is None or self._settings.oidc_client_id is None:
            raise NotFound("not_found", "No provider of logins is configured.")
        async with self._asking:
            if self._provider is None or self._provider[0] + KEPT < time.monotonic():
                self._provider = (time.monotonic(), await self._described(issuer))
        return self._provider[1]

    async def _described(self, issuer: str) -> Provider:
        place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            provider = Provider.model_validate(await self._fetched("GET", place))
        except ValidationError:
            raise _away("The provider of logins does not describe itself.") from None
        if provider.issuer.rstrip("/") != issuer.rstrip("/"):
            raise _away("The provider of logins calls itself otherwise than the settings do.")
        hosts = {_place(issuer), *map(_place, self._settings.oidc_hosts)}
        for named in (provider.token_endpoint, provider.jwks_uri):
            if _place(named) not in hosts:
                raise _away("The provider of logins sends us elsewhere; see MVIDARR_OIDC_HOSTS.")
        return provider

    async def _fetched(self, method: str, address: str, **what: Any) -> dict[str, Any]:
        try:
            async with (
                httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
                client.stream(method, address, **what) as answer,
            ):
                body = b""
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        raise _away("The provider of logins says too much.")
            found = httpx.Response(200, content=body).json()
        except (httpx.HTTPError, ValueError):
            raise _away("The provider of logins does not answer.") from None
        if answer.status_code in (400, 401, 403):
            raise _refused("The provider does not confirm the login.")
        if not answer.is_success or not isinstance(found, dict):
            raise _away("The provider of logins does not answer as it should.")
        return found

    def _stranger(self, provider: Provider, claims: dict[str, Any]) -> Stranger:
        whole = f"{provider.issuer}|{claims['sub']}"
        named = str(claims.get(self._settings.oidc_name_claim) or claims["sub"])
        return Stranger(
            external_id=hashlib.sha256(whole.encode()).hexdigest(),
            username="".join(named.replace("/", "-").replace(":", "-").split())[:100],
            role=role_of(claims.get(self._settings.oidc_role_claim), self._settings),
        )


REQUIRED = {f"require_{claim}": True for claim in ("exp", "iat", "sub", "aud", "iss")} | {
    "verify_at_hash": False
}
"""There is no access token that anybody would use: its hash says nothing."""


def role_of(claim: Any, settings: GatewaySettings) -> Role | None:
    """The highest role that one of the claim's values stands for."""
    values = claim if isinstance(claim, list) else [claim]
    known = [value for value in values if isinstance(value, str) and value in settings.oidc_roles]
    roles = [settings.oidc_roles[value] for value in known]
    return max(roles, key=RANKS.__getitem__, default=settings.oidc_default_role)


def local(to: str) -> str:
    """A place on our own pages, whatever was asked for."""
    plain = to.startswith("/") and not to.startswith(("//", "/\\"))
    return to if plain and to.isprintable() else "/"


def _of_id(keys: dict[str, Any], kid: Any) -> dict[str, Any] | None:
    listed = [key for key in keys.get("keys", ()) if isinstance(key, dict)]
    signing = [key for key in listed if key.get("use", "sig") == "sig"]
    fitting = [key for key in signing if kid is None or key.get("kid") == kid]
    return fitting[0] if fitting and (kid is not None or len(fitting) == 1) else None


def _place(address: str) -> tuple[str, str]:
    """Scheme, host and port; of a bare host by HTTPS."""
    parts = urlsplit(address if "//" in address else f"https://{address}")
    return parts.scheme, parts.netloc


def _refused(sentence: str) -> Unauthorized:
    return Unauthorized("oidc_refused", sentence)


def _away(sentence: str) -> Unavailable:
    return Unavailable("oidc_unavailable", sentence, after=10)
