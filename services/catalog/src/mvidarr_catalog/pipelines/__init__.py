"""What follows what, as data: one file a pipeline, and one line in `PIPELINES`."""

from .acquire import ACQUIRE
from .graph import Pipeline
from .rename import RENAME

PIPELINES: tuple[Pipeline, ...] = (ACQUIRE, RENAME)
