"""Room on the disk is taken before a download, and given back as it comes."""

import os
import time
from pathlib import Path

import pytest

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.ids import JobId
from mvidarr_common.staging import Staging, sweep_old
from mvidarr_downloader import room
from mvidarr_downloader.room import Room, lack_of_room, reserved

MB = 1024**2


def on_disk(folder: Path) -> int:
    """The bytes of the disk that files in the folder hold."""
    return sum(path.stat().st_blocks * 512 for path in folder.iterdir())


def test_what_is_to_come_is_held_on_the_disk_and_given_back_as_it_comes(tmp_path: Path) -> None:
    with reserved(tmp_path, (), 32 * MB) as held:
        assert on_disk(tmp_path) >= 32 * MB
        held.need(16 * MB)
        assert 16 * MB <= on_disk(tmp_path) < 32 * MB
    assert list(tmp_path.iterdir()) == []


def test_a_failure_gives_all_of_it_back(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), reserved(tmp_path, (), 8 * MB):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_attempt_held_is_given_back_by_the_next(tmp_path: Path) -> None:
    dead, new = tmp_path / "dead", tmp_path / "new"
    dead.mkdir()
    new.mkdir()
    Room(dead).take(8 * MB)
    with reserved(new, (dead,), MB):
        assert on_disk(dead) == 0


def test_what_the_disk_cannot_hold_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"film")
    with pytest.raises(JobError) as refused, reserved(tmp_path, (), 10**16):
        pass
    assert (refused.value.code, refused.value.retry) == ("disk_full", True)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_health_tells_of_a_disk_that_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lack_of_room(tmp_path) is None
    monkeypatch.setattr(room, "SPARE", 10**18)
    assert "MiB left" in str(lack_of_room(tmp_path))


def test_what_dead_jobs_have_left_is_swept_when_it_is_old_and_all_else_stays(
    tmp_path: Path,
) -> None:
    root, long_ago = DataRoot(tmp_path), time.time() - 1000
    living, dead, told, fresh = (Staging(root, JobId(name), "1") for name in "abcd")
    folders = [staging.folder() for staging in (living, dead, told, fresh)]
    for folder in folders:
        (folder / "source.mp4.part").write_bytes(b"bytes")
    dead.keep()
    fresh.keep()
    told.succeed("cause", b"body")
    for folder in folders[:3]:
        for path in (*folder.iterdir(), folder):
            os.utime(path, (long_ago, long_ago))
    assert sweep_old(root, 500) == 1
    assert [folder.exists() for folder in folders] == [True, False, True, True]
    assert sweep_old(root, 500) == 0
    living.remove()


def test_where_the_size_was_not_known_there_is_nothing_to_give_back(tmp_path: Path) -> None:
    with reserved(tmp_path, (), 0) as room:
        room.need(-64 * 1024**2)
    assert list(tmp_path.iterdir()) == []
