"""What a channel is: a name, and a way to send a finished announcement. It knows no event."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import httpx

from mvidarr_common.messages import notify
from mvidarr_common.messages.notify import Announcement

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One announcement on its way to one receiver. `delivery` is the same in every attempt."""

    delivery: str
    announcement: Announcement
    address: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


class Call(Protocol):
    """Calls an importable function in a child process of its own; `Job.call`."""

    async def __call__(
        self,
        function: Callable[..., T],
        *args: Any,
        on_message: Callable[[Any], None] | None = None,
    ) -> T: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What channels may use to send."""

    http: httpx.AsyncClient
    call: Call
    allow_private: bool


@dataclass(frozen=True, slots=True)
class Channel:
    """Sends a parcel and returns what the receiver said; raises JobError if it did not take it,
    retryable unless trying again can never help, or Invalid. No message holds the address.
    """

    name: notify.Channel
    send: Callable[[Parcel, Means], Awaitable[str]]
