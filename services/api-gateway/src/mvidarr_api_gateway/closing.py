"""How a live conversation ends: a close code for websockets, a stable code, and a sentence."""

from typing import Any

from mvidarr_common.errors import Conflict, Problem

CODES = {401: 4401, 403: 4403, 409: 4409, 422: 4400, 429: 4429, 503: 1013}


class Closing(Exception):
    """It ends, for this reason."""

    def __init__(self, number: int, code: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.code = code
        self.message = message


def reason_of(group: BaseExceptionGroup[Any]) -> Closing:
    """The first of what went wrong, a Closing or a Problem."""
    error = group.exceptions[0]
    if isinstance(error, BaseExceptionGroup):
        return reason_of(error)
    if isinstance(error, Problem):
        return Closing(CODES.get(error.status, 1011), error.code, error.message)
    assert isinstance(error, Closing)
    return error


def log_replaced() -> Problem:
    """The client's position means nothing here: it has to begin again."""
    return Conflict("log_replaced", "The log does not know the position.")
