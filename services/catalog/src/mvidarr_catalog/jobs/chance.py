"""Chance that is the same each time: decisions are pure, so their dice are the ids of messages."""

import hashlib


def around(id: str, jitter: float) -> float:
    """A factor between 1 - jitter and 1 + jitter."""
    drawn = int.from_bytes(hashlib.blake2b(id.encode(), digest_size=8).digest()) / 2**64
    return 1 + jitter * (2 * drawn - 1)
