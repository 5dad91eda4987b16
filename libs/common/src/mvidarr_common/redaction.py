"""What may not leave the system in the clear: the one list of secret fields in messages.

Hashes of passwords and keys, and sealed addresses and secrets, stand in the log because services
need them. Whoever shows a record to people passes its data through `redacted` first.
"""

from typing import Any

SECRET_FIELDS = frozenset(
    {
        "passwordHash",
        "keyHash",
        "tokenHash",
        "nextHash",
        "codeHashes",
        "recoveryHash",
        "address",
        "secret",
        "sealed",
    }
)
HIDDEN = "[hidden]"


def redacted(data: Any) -> Any:
    """The same JSON value with every secret field hidden, however deep it lies."""
    if isinstance(data, dict):
        return {name: _field(name, value) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [redacted(item) for item in data]
    return data


def _field(name: str, value: Any) -> Any:
    return HIDDEN if name in SECRET_FIELDS and value is not None else redacted(value)
