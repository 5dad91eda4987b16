"""Codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost."""

import base64
import hmac
import secrets
import time
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from .identity import key_hash

STEP = 30
DIGITS = 6
DRIFT = 1
"""Steps that a clock may be wrong."""
RECOVERY_CODES = 10


def new_secret() -> str:
    """160 bits in base32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def uri_of(secret: str, username: str) -> str:
    """What apps read as a QR code."""
    query = urlencode({"secret": secret, "issuer": "MVidarr", "digits": DIGITS, "period": STEP})
    return f"otpauth://totp/MVidarr:{quote(username)}?{query}"


def step_of(secret: str, code: str, now: float | None = None) -> int | None:
    """The step whose code this is, if it is one of now or of the steps beside."""
    current = int((time.time() if now is None else now) // STEP)
    steps = range(current - DRIFT, current + DRIFT + 1)
    right = [step for step in steps if hmac.compare_digest(code_at(secret, step), code.encode())]
    return right[-1] if right else None


def code_at(secret: str, step: int) -> bytes:
    """The code of a step. Apps know SHA-1 only; as an HMAC it is sound."""
    key = base64.b32decode(secret)
    return TOTP(key, DIGITS, SHA1(), STEP).generate(step * STEP)  # noqa: S303


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 80 bits, to be written down."""
    codes = (base64.b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES))
    return tuple("-".join(code[at : at + 4] for at in range(0, 16, 4)).lower() for code in codes)


def recovery_hash(code: str) -> str:
    """What the catalog knows of a recovery code, however it was typed."""
    return key_hash("".join(code.lower().split()).replace("-", ""))


def hashes_of(codes: Iterable[str]) -> tuple[str, ...]:
    """The same for many."""
    return tuple(map(recovery_hash, codes))
