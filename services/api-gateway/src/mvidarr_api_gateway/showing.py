"""The catalog's bytes as people may see them: passed through, unless a secret field is in them."""

import orjson

from mvidarr_common.redaction import SECRET_FIELDS, redacted

_NAMES = tuple(f'"{name}"'.encode() for name in SECRET_FIELDS)


def shown(answer: bytes) -> bytes:
    """The same JSON with every secret field hidden."""
    if not any(name in answer for name in _NAMES):
        return answer
    return orjson.dumps(redacted(orjson.loads(answer)))
