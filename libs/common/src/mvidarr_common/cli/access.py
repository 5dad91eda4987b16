"""Which server the commands talk to, and who they say they are."""

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

API_KEY = "mva_"
"""How the keys begin."""
DEFAULT_SERVER = "http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Access:
    """A server's address and what opens it: an API key, a token, or nothing yet."""

    address: str
    api_key: str | None = None
    token: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """For HTTP."""
        if self.api_key:
            return {"X-Api-Key": self.api_key}
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def greeting(self) -> dict[str, str]:
        """The credentials in the first message on a websocket."""
        if self.api_key:
            return {"apiKey": self.api_key}
        return {"token": self.token} if self.token else {}


def access() -> Access:
    """What the environment says (MVIDARR_SERVER, MVIDARR_API_KEY), else the stored login."""
    address = os.environ.get("MVIDARR_SERVER", DEFAULT_SERVER).rstrip("/")
    key, stored = os.environ.get("MVIDARR_API_KEY"), stored_token(address)
    if key is None and stored is not None and not stored.startswith(API_KEY):
        return Access(address, token=stored)
    return Access(address, api_key=key or stored)


def token_file() -> Path:
    """Where `mvidarr login` keeps what opens the server."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "mvidarr" / "token"


def stored_token(address: str) -> str | None:
    """The key or token of this very server: it is shown to no other."""
    try:
        stored = orjson.loads(token_file().read_bytes())
    except (OSError, ValueError):
        return None
    token = stored.get(address) if isinstance(stored, dict) else None
    return token if isinstance(token, str) else None


def store_token(address: str, token: str | None) -> None:
    """Keep a token, or forget it; the file is for its owner's eyes."""
    path = token_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        stored = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        stored = {}
    kept = (
        {**stored, address: token} if token else {k: v for k, v in stored.items() if k != address}
    )
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(orjson.dumps(kept))
    draft.replace(path)
