"""What a handler tells of its progress becomes a signal that a bar can be drawn from."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from mvidarr_common.attempt import Attempt
from mvidarr_common.course import Course, Stage
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import JobId
from mvidarr_common.messages.jobs import JobProgressed, JobQueued, Noop
from mvidarr_common.processes import Children
from mvidarr_common.progress import coalesced
from mvidarr_common.staging import Staging


async def told(tmp_path: Path, **progress: Any) -> JobProgressed:
    """The signal for this."""
    heard: asyncio.Queue[JobProgressed] = asyncio.Queue()
    root, id = DataRoot(tmp_path), JobId("job")
    queued = JobQueued(job_id=id, attempt=1, spec=Noop())
    async with coalesced(heard.put) as words:
        nobody = cast("Children", None)
        attempt = Attempt(queued, None, root, nobody, Staging(root, id, "delivery"), words)
        attempt.progress("working", **progress)
    return heard.get_nowait()


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ({"done": 25.0, "total": 100.0}, 0.25),
        ({"done": 0.0, "total": 100.0}, 0.0),
        ({"done": 101.0, "total": 100.0}, 1.0),
        ({"done": 25.0}, None),
        ({"done": 0.0, "total": 0.0}, None),
        ({"fraction": 0.5, "done": 1.0, "total": 100.0}, 0.5),
        ({}, None),
    ],
)
async def test_the_share_that_is_done_follows_from_the_amounts(
    tmp_path: Path, said: dict[str, float], share: float | None
) -> None:
    assert (await told(tmp_path, **said)).fraction == share


@pytest.mark.parametrize(
    ("stages", "told", "whole"),
    [
        ((), [("a", 0.5), ("b", 0.2), ("c", None), ("b", 0.8)], [0.5, 0.5, None, 0.8]),
        ((("a", 1), ("b", 3)), [("a", 0.5), ("a", 1.0), ("b", 0.0), ("b", 0.5)],
         [0.125, 0.25, 0.25, 0.625]),
        ((("a", 1), ("b", 2), ("a", 1)), [("a", 1.0), ("b", 1.0), ("a", 0.5)], [0.25, 0.75, 0.875]),
        ((("a", 1), ("b", 1)), [("trial", 0.9), ("a", None), ("b", None)], [None, 0.0, 0.5]),
        ((("a", 1), ("b", 1)), [("a", 0.8), ("a", 0.1), ("b", 0.1), ("a", 0.9)],
         [0.4, 0.4, 0.55, 0.55]),
    ],
)  # fmt: skip
def test_the_whole_counts_its_stages_and_never_steps_back(
    stages: tuple[Stage, ...],
    told: list[tuple[str, float | None]],
    whole: list[float | None],
) -> None:
    course = Course()
    course.announce(*stages)
    assert [course.whole(*each) for each in told] == pytest.approx(whole)


async def test_the_history_of_the_speed_goes_along(tmp_path: Path) -> None:
    word = await told(tmp_path, done=5.0, speed=7.0, speeds=(5, 6, 7))
    assert (word.speed, word.speeds) == (7.0, (5, 6, 7))
