"""Fairness: jobs of one priority take turns between those who asked for them.

Each requester has a lane in each priority of a queue. A job's turn is one behind the newest of its
lane, and never before the turn that the queue has reached; so the first job of somebody new comes
right after what is being done now, whoever has ten thousand waiting, and nobody saves up turns.
"""

from mvidarr_catalog.brain.rows import Row
from mvidarr_catalog.brain.state import Known, State

NOBODY = "system"
"""Who asked for work that nobody asked for."""


class Lane(Row, table="lanes"):
    """Of a requester: the turn of the newest job. Of a queue's priority: the turn now reached."""

    turn: int


class Requester(Row, table="requesters", subject="requester", tally="open"):
    """How many jobs somebody has that have not ended."""

    open: int


class Line(Row, table="lines", indexes=(("line",),), tally="waiting"):
    """How many jobs stand in a line; one without any is not there. Its id stands here once more as
    a job's row has it: PostgreSQL finds nothing by an index whose texts are ordered otherwise."""

    line: str
    waiting: int


def take_turn(state: State, queue: str, priority: int, requester: str) -> int:
    """The next turn of a requester, which is theirs from now on."""
    lane = f"{queue}/{priority}/{requester}"
    turn = max(_turn(state, f"{queue}/{priority}"), _turn(state, lane)) + 1
    state.put(Lane(id=lane, turn=turn))
    return turn


def reach(state: State, queue: str, priority: int, turn: int) -> None:
    """The queue has come to this turn."""
    lane = f"{queue}/{priority}"
    if turn > _turn(state, lane):
        state.put(Lane(id=lane, turn=turn))


def count(state: State, requester: str, more: int) -> None:
    """Somebody has so many open jobs more."""
    if more:
        state.put(Requester(id=requester, open=open_jobs(state, requester) + more))


def step(state: State, before: str | None, after: str | None) -> None:
    """Somebody has left a line for another; None is none."""
    if before != after:
        _count_line(state, before, -1)
        _count_line(state, after, 1)


def _count_line(state: State, id: str | None, more: int) -> None:
    if id is None:
        return
    row = state.get(Line, id)
    waiting = (row.waiting if row else 0) + more
    if waiting > 0:
        state.put(Line(id=id, line=id, waiting=waiting))
    else:
        state.drop(Line, id)


def open_jobs(state: Known, requester: str) -> int:
    """How many jobs of somebody have not ended."""
    row = state.get(Requester, requester)
    return row.open if row else 0


def _turn(state: Known, lane: str) -> int:
    row = state.get(Lane, lane)
    return row.turn if row else 0
