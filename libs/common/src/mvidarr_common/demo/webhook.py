"""What arrives at the demo's webhook, checked as a receiver should check it."""

import hmac
import time
from dataclasses import dataclass

from mvidarr_common.errors import Problem
from mvidarr_common.messages.notify import Announcement

from .receiver import Received, Receiver

OLDEST = 300.0
"""Seconds after which a signed delivery counts as played again."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A genuine announcement, and its delivery id."""

    announcement: Announcement
    delivery: str


async def notices(receiver: Receiver, secret: str, count: int, limit: float) -> list[Notice]:
    """The announcements, once there are so many different ones."""
    wanted = count
    while True:
        try:
            received = await receiver.wait_for(wanted, limit)
        except TimeoutError:
            raise Problem(
                "no_notification",
                f"{len(receiver.accepted)} of {count} notifications arrived in {limit:g} s.",
            ) from None
        genuine = {notice.delivery: notice for notice in (read(one, secret) for one in received)}
        if len(genuine) >= count:
            return list(genuine.values())
        wanted = len(received) + 1


def read(received: Received, secret: str) -> Notice:
    """The announcement in a request; raises Problem for one that is forged or old."""
    headers = received.headers
    stamp = headers.get("x-mvidarr-timestamp", "")
    signed = stamp.encode() + b"." + received.body
    ours = "sha256=" + hmac.digest(secret.encode(), signed, "sha256").hex()
    if not hmac.compare_digest(ours, headers.get("x-mvidarr-signature", "")):
        raise Problem("forged_notification", "A notification came with a wrong signature.")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > OLDEST:
        raise Problem("old_notification", "A notification came with an old timestamp.")
    announcement = Announcement.model_validate_json(received.body)
    return Notice(announcement, headers.get("x-mvidarr-delivery", ""))
