"""The instance key: one secret of the installation, from which every other key is derived."""

import base64
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
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
    others: tuple[bytes, ...] = ()
    """Keys of before, or that will be next: what they have sealed and signed holds."""

    @property
    def every(self) -> tuple["InstanceKey", ...]:
        """The one in use first."""
        return (self, *map(InstanceKey, self.others))

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """Key material for one purpose (HKDF-SHA256, RFC 5869)."""
        return HKDF(SHA256(), length, salt=None, info=purpose.encode()).derive(self.secret)

    def seal(self, text: str) -> str:
        """Encrypt for the log (Fernet: AES-128-CBC and HMAC-SHA256)."""
        return self._fernet().encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt; raises Invalid for what no key of ours has sealed."""
        fernets = [key._fernet() for key in self.every]
        try:
            return MultiFernet(fernets).decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Invalid("wrong_instance_key", "Sealed with another instance key.") from None

    def sealed_by_first(self, sealed: str) -> bool:
        """Whether the key in use has sealed it."""
        try:
            self._fernet().decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def signing_key(self) -> ec.EllipticCurvePrivateKey:
        """The ES256 key that signs tokens, the same in every gateway."""
        number = int.from_bytes(self.derive("jwt-es256", 48)) % (_P256_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.derive("seal")))


def instance_key(settings: Settings) -> InstanceKey:
    """The configured key; or the one in the state folder, made at the first start. There may be
    several, with spaces or commas between them: the first is in use."""
    if settings.instance_key is not None:
        return _key_of(settings.instance_key.get_secret_value())
    path = key_path(settings)
    if not path.exists():
        write_keys(path, (new_key(),))
    return _key_of(path.read_text())


def new_key() -> str:
    """A fresh instance key as it is configured."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def key_path(settings: Settings) -> Path:
    """Where the key is kept that is not configured."""
    return settings.state_dir / "instance.key"


def keys_in(text: str) -> tuple[str, ...]:
    """The keys of a configured value or of a file, the one in use first."""
    return tuple(text.replace(",", " ").split())


def _key_of(text: str) -> InstanceKey:
    first, *others = map(_decoded, keys_in(text) or ("",))
    return InstanceKey(first, tuple(others))


def _decoded(text: str) -> bytes:
    secret = base64.urlsafe_b64decode(text)
    if len(secret) < 32:
        raise Invalid("weak_instance_key", "The instance key must hold at least 32 bytes.")
    return secret


def write_keys(path: Path, keys: Sequence[str]) -> None:
    """Keep these keys, in place of those of before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text("\n".join(keys) + "\n")
    draft.rename(path)
