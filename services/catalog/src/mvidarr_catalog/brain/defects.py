"""Which errors are a message's fault (it is parked) and which are the database's (try again)."""

import traceback

from mvidarr_common.errors import Problem

DEFECTS = (
    Problem, ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What code of ours raises on a message that it cannot take."""


def trace_of(error: BaseException) -> str:
    """The traceback as text, for whoever looks at a parked message."""
    return "".join(traceback.format_exception(error))[-4000:]
