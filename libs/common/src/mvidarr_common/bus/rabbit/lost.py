"""One exception for everything that a broker or the way to it can do to us."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiormq.exceptions import (
    AMQPError,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
)


class Lost(Exception):
    """The connection, the channel or the consumer is gone; try again on a new one."""

    @property
    def absent(self) -> bool:
        """What was named is not on the broker."""
        return isinstance(self.__cause__, ChannelNotFoundEntity)

    @property
    def locked(self) -> bool:
        """Another connection has it for itself."""
        return isinstance(self.__cause__, ChannelLockedResource)

    @property
    def differs(self) -> bool:
        """It is there with other arguments."""
        return isinstance(self.__cause__, ChannelPreconditionFailed)


@contextmanager
def broker_errors() -> Iterator[None]:
    """Turn what the library raises into Lost.

    When a connection dies the library may reject what waits with a CancelledError that nobody has
    asked for, which would end our own task without a word; or turn a cancellation that we did ask
    for into an error, and our task would never end.
    """
    try:
        yield
    except asyncio.CancelledError as cancelled:
        if _cancelling():
            raise
        raise Lost("the connection was closed") from cancelled
    except (AMQPError, OSError, RuntimeError, asyncio.InvalidStateError) as error:
        if _cancelling():
            raise asyncio.CancelledError from error
        raise Lost(str(error) or type(error).__name__) from error


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
