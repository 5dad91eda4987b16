"""Reads the checksum that a site gives with a file, and compares what came with it.

Known are `Repr-Digest` and `Content-Digest` (RFC 9530), `Digest` (RFC 3230), `Content-MD5`
(RFC 2616) and `x-goog-hash` (Google Cloud Storage). All but Content-Digest and Content-MD5 speak
of the whole file also where only a part of it comes.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

_LENGTHS = {"sha512": 64, "sha256": 32, "md5": 16}
"""The algorithms that count and the bytes they give, the strongest first."""

_OF_THE_FILE = ("Repr-Digest", "Digest", "x-goog-hash")
_OF_THE_ANSWER = ("Content-Digest", "Content-MD5")
_WHOLE = 200


def given(status: int, headers: Message) -> str | None:
    """The strongest checksum of the file as `<algorithm>:<hex>`; None without one that counts."""
    if _is_packed(headers):
        return None
    names = _OF_THE_FILE + (_OF_THE_ANSWER if status == _WHOLE else ())
    found = dict(pair for name in names for pair in _pairs(name, headers))
    return next((f"{name}:{found[name]}" for name in _LENGTHS if name in found), None)


def contradicts(known: str | None, said: str | None) -> bool:
    """Whether two checksums of the same algorithm differ."""
    if known is None or said is None or known == said:
        return False
    return known.partition(":")[0] == said.partition(":")[0]


def fits(path: Path, digest: str) -> bool:
    """Whether the file has this checksum."""
    algorithm, _, wanted = digest.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == wanted


def _is_packed(headers: Message) -> bool:
    """Whether the checksum may be that of the packed bytes, which nobody sees here."""
    packing = headers.get("Content-Encoding") or headers.get("x-goog-stored-content-encoding")
    return (packing or "identity").lower() != "identity"


def _pairs(header: str, headers: Message) -> Iterator[tuple[str, str]]:
    """Each algorithm and its digest in hexadecimal, of those that are well formed."""
    for line in headers.get_all(header, []):
        for member in str(line).split(","):
            name, _, value = member.strip().partition("=")
            if header == "Content-MD5":
                name, value = "md5", member.strip()
            algorithm = name.lower().replace("-", "")
            digest = _bytes(value)
            if len(digest) == _LENGTHS.get(algorithm):
                yield algorithm, digest.hex()


def _bytes(value: str) -> bytes:
    """Of base64, between colons where a structured field says that it is bytes."""
    text = re.sub(r"^:(.*?):(;.*)?$", r"\1", value.strip())
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
