"""What `mvidarr doctor` looks at, a file for each thing. A new one: a file here, and a line."""

from collections.abc import AsyncIterator, Callable

from mvidarr_common.settings import Settings

from . import broker, database, disk, programs, secret
from .finding import Finding

Examination = Callable[[Settings], AsyncIterator[Finding]]

EXAMINATIONS: tuple[Examination, ...] = (
    secret.examine,
    broker.examine,
    database.examine,
    disk.examine,
    programs.examine,
)
