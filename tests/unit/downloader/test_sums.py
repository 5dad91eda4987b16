"""A file that came whole has the checksum of what came; any other is read."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from yt_dlp.networking.common import Response

from mvidarr_downloader.sums import Sums, sum_of

FILM, OTHER = b"a film", b"not it"


def come(sums: Sums, path: Path, *blocks: bytes, status: int = 200) -> None:
    """Blocks that a site sends, and what is written of them."""
    answer = Response(BytesIO(), "http://site/film.mp4", {}, status)
    sums.begin("mp4", answer)
    for block in blocks:
        if summing := sum_of(answer):
            summing.add(block)
    path.write_bytes(FILM)
    sums.end("mp4", path)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_what_came_is_not_read_again(tmp_path: Path) -> None:
    """The file is told to be what came, whatever is in it."""
    sums, path = Sums(), tmp_path / "film.mp4"
    come(sums, path, OTHER[:2], OTHER[2:])
    moved = path.rename(tmp_path / "moved.mp4")
    assert sums.of(moved) == sha256(OTHER)


@pytest.mark.parametrize(
    ("blocks", "status"), [([FILM[:3]], 200), ([FILM], 206), ([], 200)],
    ids=["a part", "the rest of a file", "nothing that was seen"],
)  # fmt: skip
def test_what_did_not_come_in_one_piece_is_read(
    blocks: list[bytes], status: int, tmp_path: Path
) -> None:
    sums, path = Sums(), tmp_path / "film.mp4"
    come(sums, path, *blocks, status=status)
    assert sums.of(path) == sha256(FILM)


def test_a_file_that_was_made_anew_is_read(tmp_path: Path) -> None:
    sums, path = Sums(), tmp_path / "film.mp4"
    come(sums, path, FILM)
    (tmp_path / "draft").write_bytes(OTHER)
    (tmp_path / "draft").replace(path)
    assert sums.of(path) == sha256(OTHER)
