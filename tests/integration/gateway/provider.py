"""A small provider of logins (OpenID Connect) that signs real tokens."""

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jose import jwk, jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mvidarr_common.web import serving

CLIENT, SECRET = "mvidarr", "between us"


@dataclass
class Provider:
    """What it says, and what tests let it say instead."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "42"})
    header: dict[str, Any] = field(default_factory=lambda: {"kid": "one"})
    asked_for_keys: int = 0
    described: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def agree(self, address: str) -> dict[str, str]:
        """What somebody who logs in there brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def routes(self) -> list[Route]:
        """What it serves."""
        return [
            Route("/.well-known/openid-configuration", self._describe),
            Route("/keys", self._keys),
            Route("/token", self._token, methods=["POST"]),
        ]

    async def _describe(self, _: Request) -> Response:
        places = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/login?a=b",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
        }  # fmt: skip
        return JSONResponse(places | self.described)

    async def _keys(self, _: Request) -> Response:
        self.asked_for_keys += 1
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        public = jwk.construct(pem.decode(), "RS256").to_dict()
        return JSONResponse({"keys": [public | {"kid": "one", "use": "sig"}]})

    async def _token(self, request: Request) -> Response:
        given = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(given["code"], None)
        if asked is None or not _proves(given, asked):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        plain = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60}
        claims = plain | {"nonce": asked["nonce"]} | self.claims
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        headers = dict(self.header)
        signed = jwt.encode(claims, pem.decode(), headers.pop("alg", "RS256"), headers=headers)
        return JSONResponse({"id_token": signed, "access_token": "x", "token_type": "Bearer"})


def _proves(given: dict[str, str], asked: dict[str, str]) -> bool:
    digest = hashlib.sha256(given["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return (
        challenge == asked["code_challenge"]
        and given["redirect_uri"] == asked["redirect_uri"]
        and (given["client_id"], given["client_secret"]) == (CLIENT, SECRET)
    )


@asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    """One that answers as long as the block lasts."""
    provider = Provider()
    async with serving(Starlette(routes=provider.routes()), "127.0.0.1", 0) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider
