from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import JobId
from mvidarr_common.staging import LOCK, Staging, tidy

JOB = JobId("job-1")


@pytest.fixture
def root(tmp_path: Path) -> DataRoot:
    return DataRoot(tmp_path)


Start = Callable[[str], Staging]


@pytest.fixture
def started(root: DataRoot) -> Iterator[Start]:
    """Begins deliveries with a partial file each; they all let go when the test ends."""
    begun: list[Staging] = []

    def start(nonce: str) -> Staging:
        staging = Staging(root, JOB, nonce)
        begun.append(staging)
        (staging.folder() / f"{nonce}.part").write_text(nonce)
        return staging

    yield start
    for staging in begun:
        staging.keep()


def names(root: DataRoot) -> list[str]:
    return sorted(path.name for path in root.staging(JOB).glob("*"))


def test_nothing_is_made_before_it_is_asked_for(root: DataRoot) -> None:
    staging = Staging(root, JOB, "a")
    staging.succeed("cause", b"told")
    assert not (root.path / "staging").exists()


def test_a_living_delivery_is_not_taken_over(root: DataRoot, started: Start) -> None:
    started("a")
    assert started("b").earlier() == []


def test_a_kept_folder_goes_to_one_successor_and_then_disappears(
    root: DataRoot, started: Start
) -> None:
    started("a").keep()
    second, third = started("b"), started("c")
    (folder,) = second.earlier()
    assert third.earlier() == []
    (folder / "a.part").rename(second.folder() / "a.part")
    second.keep()
    assert names(root) == ["b", "c"]
    assert sorted(path.name for path in (root.staging(JOB) / "b").iterdir()) == [
        LOCK, "a.part", "b.part",
    ]  # fmt: skip


def test_a_folder_nobody_took_outlives_a_second_failure(root: DataRoot, started: Start) -> None:
    started("a").keep()
    started("b").keep()
    third = Staging(root, JOB, "c")
    assert sorted(path.name for path in third.earlier()) == ["a", "b"]
    third.keep()


def test_success_removes_the_dead_and_keeps_the_living_and_itself(
    root: DataRoot, started: Start
) -> None:
    started("dead").keep()
    alive, good = started("alive"), started("good")
    good.succeed("cause", b"told")
    assert names(root) == ["alive", "good"]
    alive.remove()
    assert names(root) == ["good"]


def test_results_that_were_told_are_nobodys_to_take(root: DataRoot, started: Start) -> None:
    started("good").succeed("cause", b"the outcome")
    late = started("late")
    assert late.earlier() == []
    late.remove()
    assert names(root) == ["good"]


def test_what_was_told_is_found_by_the_message_that_caused_it(
    root: DataRoot, started: Start
) -> None:
    started("good").succeed("cause", b"the\noutcome")
    late = Staging(root, JOB, "late")
    assert late.told("cause") == b"the\noutcome"
    assert late.told("another") is None


def test_an_end_for_good_leaves_nothing_behind(root: DataRoot, started: Start) -> None:
    started("a").keep()
    started("b").remove()
    assert not root.staging(JOB).exists()


def test_tidying_removes_results_and_spares_who_still_works(root: DataRoot, started: Start) -> None:
    started("good").succeed("cause", b"told")
    alive = started("alive")
    assert tidy(root, JOB) == 1
    assert names(root) == ["alive"]
    alive.keep()
    assert tidy(root, JOB) == 1
    assert not root.staging(JOB).exists()
    assert tidy(root, JOB) == 0


def test_tidying_removes_a_folder_that_was_never_finished(root: DataRoot) -> None:
    (root.staging(JOB) / ".draft").mkdir(parents=True)
    assert tidy(root, JOB) == 1
    assert not root.staging(JOB).exists()
