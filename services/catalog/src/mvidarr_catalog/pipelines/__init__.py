"""What follows what, as data: one file a pipeline, and one line in `PIPELINES`."""

from .acquire import ACQUIRE
from .graph import Pipeline

PIPELINES: tuple[Pipeline, ...] = (ACQUIRE,)
