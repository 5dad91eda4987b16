"""How many videos are in each state: counted while folding, so that nobody who asks has to count a
whole library."""

from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import State


class InState(Row, table="videos_in_state", tally="videos"):
    """How many videos are in the state that is its id; a state without any is not there."""

    videos: int


def step(state: State, before: str | None, after: str | None) -> None:
    """A video has left a state for another; None is none."""
    if before != after:
        _count(state, before, -1)
        _count(state, after, 1)


async def in_states(read: Read) -> dict[str, int]:
    """How many videos are in each state."""
    return {row.id: row.videos for row in await read.rows(InState)}


def _count(state: State, id: str | None, more: int) -> None:
    if id is None:
        return
    row = state.get(InState, id)
    videos = (row.videos if row else 0) + more
    if videos > 0:
        state.put(InState(id=id, videos=videos))
    else:
        state.drop(InState, id)
