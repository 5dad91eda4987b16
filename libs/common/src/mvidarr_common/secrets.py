"""The instance key: one secret of the installation, from which every other key is derived."""

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import Invalid
from .settings import Settings

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, repr=False)
class InstanceKey:
    """Seals what may not stand in the log in the clear, and signs tokens."""

    secret: bytes

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """Key material for one purpose (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(self.secret)

    def seal(self, text: str) -> str:
        """Encrypt for the log (Fernet: AES-128-CBC and HMAC-SHA256)."""
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt; raises Invalid for what another key has sealed."""
        try:
            return self._fernet().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Invalid("wrong_instance_key", "Sealed with another instance key.") from None

    def signing_key(self) -> ec.EllipticCurvePrivateKey:
        """The ES256 key that signs tokens, the same in every gateway."""
        number = int.from_bytes(self.derive("jwt-es256", 48)) % (_P256_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.derive("seal")))


def instance_key(settings: Settings) -> InstanceKey:
    """The configured key; or the one in the state folder, made at the first start."""
    if settings.instance_key is not None:
        return InstanceKey(_decoded(settings.instance_key.get_secret_value()))
    path = settings.state_dir / "instance.key"
    if not path.exists():
        _write_new(path)
    return InstanceKey(_decoded(path.read_text().strip()))


def new_key() -> str:
    """A fresh instance key as it is configured."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _decoded(text: str) -> bytes:
    secret = base64.urlsafe_b64decode(text)
    if len(secret) < 32:
        raise Invalid("weak_instance_key", "The instance key must hold at least 32 bytes.")
    return secret


def _write_new(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(new_key())
    draft.rename(path)
