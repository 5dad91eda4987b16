"""The brain's own tables. They are migrated, never rebuilt: everything else follows from them."""

import sqlalchemy as sa

from .columns import BYTES, LONGEST, STORAGE, TEXT, TIME, name

metadata = sa.MetaData()

checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("log_id", name(64)),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("event_id", name(64)),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("signature", TEXT, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    **STORAGE,
)
"""One row: how far the log is folded, by whom (epoch), and which tables are live (generation)."""

event_log = sa.Table(
    "event_log",
    metadata,
    sa.Column("id", name(64), primary_key=True),
    sa.Column("seq", sa.BigInteger, unique=True),
    sa.Column("log_id", name(64), nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False, index=True),
    sa.Column("type", name(100), nullable=False),
    sa.Column("subject", name(LONGEST), nullable=False, index=True),
    sa.Column("time", TIME, nullable=False),
    sa.Column("correlation_id", name(64), nullable=False, index=True),
    sa.Column("causation_id", name(64), index=True),
    sa.Column("body", BYTES, nullable=False),
    **STORAGE,
)
"""The archive: every record of the log. `seq` is the order of folding; a parked record has none
until it is folded, so that a rebuild folds in the order in which it really happened."""

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("id", name(64), nullable=False, unique=True),
    sa.Column("body", BYTES, nullable=False),
    implicit_returning=False,
    **STORAGE,
)
"""What was decided and has not come back by the log yet."""

timers = sa.Table(
    "timers",
    metadata,
    sa.Column("id", name(64), primary_key=True),
    sa.Column("due", TIME, nullable=False, index=True),
    sa.Column("body", BYTES, nullable=False),
    **STORAGE,
)
"""What the clock shall say."""

parked = sa.Table(
    "parked",
    metadata,
    sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("id", name(64), nullable=False, unique=True),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("type", name(100), nullable=False),
    sa.Column("subject", name(255), nullable=False, index=True),
    sa.Column("error", TEXT, nullable=False),
    sa.Column("trace", TEXT),
    sa.Column("parked", TIME, nullable=False),
    sa.Column("body", BYTES, nullable=False),
    implicit_returning=False,
    **STORAGE,
)
"""Messages that could not be folded or decided, and those of the same subject behind them."""
