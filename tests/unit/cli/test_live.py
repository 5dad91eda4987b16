"""What people see of jobs while they run."""

import io

import pytest
from rich.console import Console

from mvidarr_common.cli.live import Board
from mvidarr_common.messages import Message
from mvidarr_common.messages.ids import JobId, VideoId, WorkerId
from mvidarr_common.messages.jobs import (
    JobAdded,
    JobCompleted,
    JobFailed,
    JobGivenUp,
    JobProgressed,
    JobStarted,
    Verified,
    Verify,
)
from mvidarr_common.messages.library import Description, VideoAdded, VideoDescribed, VideoFailed
from mvidarr_common.messages.media import MediaFacts
from mvidarr_common.messages.profiles import DEFAULT_PROFILE

JOB, VIDEO, WORKER = JobId("j"), VideoId("v"), WorkerId("w")
ADDED = VideoAdded(
    video_id=VIDEO, url="http://x/y", known=Description(), profile_id=DEFAULT_PROFILE
)
NAMED = VideoDescribed(video_id=VIDEO, found=Description(title="[bold]Song\x1b[2J", artist="Björk"))
QUEUED = JobAdded(job_id=JOB, spec=Verify(path="p"), for_subject="video/v")
STARTED = JobStarted(job_id=JOB, attempt=1, worker_id=WORKER, delivery="d")
FACTS = MediaFacts(container="mp4", duration=1, size=1)
DONE = JobCompleted(
    job_id=JOB, attempt=1, worker_id=WORKER, seconds=1.25,
    result=Verified(facts=FACTS, frames=1, sha256=""),
)  # fmt: skip


def shown(*messages: Message) -> str:
    """What is printed, where no bar can move."""
    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    with Board(console) as board:
        for message in messages:
            board.hear(message)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def progressed(fraction: float) -> JobProgressed:
    return JobProgressed(
        job_id=JOB, attempt=1, stage="decoding", fraction=fraction, speed=2_500_000, unit="bytes"
    )


def test_a_job_that_ends_is_a_line_with_its_video_and_its_time() -> None:
    assert "✓ verify      Björk – " in shown(ADDED, NAMED, QUEUED, STARTED, DONE)
    assert "1.2 s" in shown(QUEUED, STARTED, DONE)


def test_what_people_say_of_a_video_stands_over_what_the_page_says() -> None:
    known = ADDED.model_copy(update={"known": Description(artist="Ours")})
    assert "Ours – [bold]Song" in shown(known, NAMED, QUEUED, STARTED, DONE)


def test_a_share_is_worked_out_where_only_amounts_are_told() -> None:
    half = JobProgressed(job_id=JOB, attempt=1, stage="s", done=50, total=100, unit="bytes")
    assert "50 %" in shown(QUEUED, STARTED, half)


def test_a_name_from_outside_plays_no_tricks_with_the_terminal() -> None:
    text = shown(ADDED, NAMED, QUEUED, STARTED, DONE)
    assert "[bold]Song" in text
    assert "\x1b" not in text


def test_where_no_bar_can_move_each_quarter_is_a_line() -> None:
    fractions = [progressed(n / 100) for n in range(100)]
    lines = [line for line in shown(QUEUED, STARTED, *fractions).splitlines() if "…" in line]
    assert [line.split(" %")[0][-2:] for line in lines] == ["25", "50", "75"]
    assert "decoding  2.5 MB/s" in lines[0]


@pytest.mark.parametrize(("retryable", "mark"), [(True, "↻"), (False, "✗")])
def test_a_failed_attempt_says_whether_it_goes_on(retryable: bool, mark: str) -> None:
    failed = JobFailed(
        job_id=JOB, attempt=1, code="truncated", message="It ends too early.", retryable=retryable
    )
    assert f"{mark} verify" in shown(QUEUED, STARTED, failed)


def test_a_job_that_is_given_up_is_told_once() -> None:
    failed = JobFailed(job_id=JOB, attempt=1, code="x", message="It is cut off.", retryable=False)
    given_up = JobGivenUp(job_id=JOB, code="x", message="It is cut off.")
    assert shown(QUEUED, STARTED, failed, given_up).count("It is cut off.") == 1


def test_a_refused_video_has_its_reason() -> None:
    failed = VideoFailed(video_id=VIDEO, title="Song", code="damaged", message="It is cut off.")
    assert "✗ refused     Song  It is cut off. (damaged)" in shown(failed)


def test_progress_of_an_unknown_job_is_no_obstacle() -> None:
    assert shown(progressed(0.5)).strip() == ""
