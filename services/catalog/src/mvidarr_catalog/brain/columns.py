"""Kinds of columns that hold, compare and order the same in every database.

Keys are ordered by code point, so that neither pages nor checksums depend on a server's language;
times have microseconds and come back in UTC.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect

STORAGE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
"""How MySQL and MariaDB shall keep a table."""


class _InUtc(sa.TypeDecorator[datetime]):
    """MySQL keeps no time zone."""

    impl = mysql.DATETIME(fsp=6)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


TIME = sa.DateTime(timezone=True).with_variant(_InUtc(), "mysql")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql")
BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql")


LONGEST = 255
"""Characters of what has an index, such as a subject; a longer one would stop the catalog."""


def name(length: int) -> sa.types.TypeEngine[str]:
    """A short text that can be a key."""
    kind = sa.String(length)
    return kind.with_variant(sa.String(length, collation="C"), "postgresql")


WORD = name(64)
"""One of some words that we know."""

KEY = (
    sa.Text()
    .with_variant(sa.Text(collation="C"), "postgresql")
    .with_variant(sa.String(LONGEST), "mysql")
)
"""A text with an index: MySQL needs to know how long it can be."""
