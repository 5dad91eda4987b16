"""What an error of the database means: it is away, a table is not made yet, or a statement is
wrong."""

import sqlalchemy as sa

AWAY = ("08", "25", "28", "40", "53", "55", "57", "58")
"""Classes of PostgreSQL's errors that come of its state, and not of what was asked: connection,
transaction, rights, deadlock, resources, locks, operators, system."""

AWAY_NUMBERS = frozenset(
    {1021, 1037, 1038, 1040, 1041, 1042, 1043, 1044, 1045, 1053, 1114, 1129, 1130, 1205, 1213,
     1290, 1317, 1836, 1927, 3024, 4031}
)  # fmt: skip
"""The same of MySQL and MariaDB, beside those of their clients (2000 and more)."""

NO_TABLE = ("42P01", 1146)


def is_away(error: sa.exc.DBAPIError) -> bool:
    """Whether the same question may be answered later. What the driver itself cannot send is
    wrong, and all else that it says without a number is about the connection."""
    if error.connection_invalidated:
        return True
    code = _code(error)
    if isinstance(code, str):
        return code[:2] in AWAY
    if isinstance(code, int):
        return 2000 <= code < 3000 or code in AWAY_NUMBERS
    return not isinstance(_cause(error), ValueError | TypeError)


def is_of_no_table(error: sa.exc.DBAPIError) -> bool:
    """Whether there is no such table."""
    return _code(error) in NO_TABLE


def _code(error: sa.exc.DBAPIError) -> str | int | None:
    """A state of five characters, or a number, by which the database names the error."""
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str):
        return state
    first = next(iter(getattr(error.orig, "args", ())), None)
    return first if isinstance(first, int) else None


def _cause(error: sa.exc.DBAPIError) -> BaseException | None:
    """As the driver has raised it."""
    return error.orig.__cause__ or error.orig if error.orig is not None else None
