"""The disk begins with a film while it comes."""

import os
from pathlib import Path

import pytest

from mvidarr_downloader.ahead import STEP, Ahead

HALF = STEP // 2


@pytest.mark.parametrize(
    ("came", "handed"),
    [
        ([0, HALF, STEP, STEP + HALF, 3 * STEP], [(0, STEP), (STEP, 2 * STEP)]),
        ([5 * STEP, 5 * STEP + HALF, 6 * STEP], [(5 * STEP, STEP)]),
        ([5 * STEP, HALF, STEP + HALF], [(HALF, STEP)]),
        ([0, HALF], []),
    ],
    ids=["from its beginning", "the rest of it", "all of it anew", "a little of it"],
)
def test_what_has_come_is_handed_to_the_disk_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, came: list[int], handed: list[tuple[int, int]]
) -> None:
    part = tmp_path / "film.mp4.part"
    part.write_bytes(b"")
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _, start, size, __: seen.append((start, size)))
    ahead = Ahead()
    for bytes_ in came:
        ahead({"status": "downloading", "tmpfilename": str(part), "downloaded_bytes": bytes_})
    assert seen == handed


def test_nothing_that_was_handed_over_is_lost(tmp_path: Path) -> None:
    part, block, ahead = tmp_path / "film.mp4.part", os.urandom(STEP), Ahead()
    with part.open("wb", buffering=0) as stream:
        for number in range(3):
            ahead(
                {
                    "status": "downloading",
                    "tmpfilename": str(part),
                    "downloaded_bytes": number * STEP,
                }
            )
            stream.write(block)
    assert part.read_bytes() == 3 * block
