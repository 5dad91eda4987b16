"""The ways to reach people. A new one: a file here, a line in `CHANNELS`, its name in messages."""

from .apprise import APPRISE
from .base import Call, Channel, Means, Parcel
from .webhook import WEBHOOK

CHANNELS: tuple[Channel, ...] = (APPRISE, WEBHOOK)


def channel(name: str) -> Channel:
    """The channel of this name."""
    return next(known for known in CHANNELS if known.name == name)


__all__ = ["APPRISE", "CHANNELS", "WEBHOOK", "Call", "Channel", "Means", "Parcel", "channel"]
