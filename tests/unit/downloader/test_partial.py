"""Partial files are taken over only by who continues the same bytes."""

from dataclasses import replace
from pathlib import Path

from mvidarr_downloader import partial
from mvidarr_downloader.partial import Mark

MARK = Mark("https://site.test/v", "Site", "v", "137")


def left(folder: Path, mark: Mark | None, **files: int) -> Path:
    """A folder as an attempt has left it."""
    folder.mkdir()
    for name, size in files.items():
        (folder / name.replace("__", ".")).write_bytes(b"x" * size)
    if mark is not None:
        partial.write(folder, mark)
    return folder


def test_files_of_the_same_video_and_format_move_over(tmp_path: Path) -> None:
    known = replace(MARK, sizes={"source.mp4": 100})
    old = left(tmp_path / "old", known, source__mp4__part=30, thumbnail__jpg=5)
    new = left(tmp_path / "new", None)
    assert partial.take([old], new, MARK) == known
    assert partial.held(new) == {"source.mp4": 30}
    assert [path.name for path in old.iterdir() if path.suffix != ".json"] == ["thumbnail.jpg"]


def test_files_of_another_format_stay_where_they_are(tmp_path: Path) -> None:
    other = left(tmp_path / "old", replace(MARK, format="136"), source__mp4__part=30)
    new = left(tmp_path / "new", None)
    assert partial.take([other], new, MARK) == MARK
    assert partial.held(new) == {}


def test_a_folder_without_a_readable_mark_is_passed_over(tmp_path: Path) -> None:
    broken = left(tmp_path / "broken", None, source__mp4__part=30)
    (broken / "download.json").write_text('{"url": ')
    good = left(tmp_path / "good", MARK, source__mp4__part=20)
    new = left(tmp_path / "new", None)
    partial.take([broken, good], new, MARK)
    assert partial.held(new) == {"source.mp4": 20}


def test_the_newest_attempt_wins(tmp_path: Path) -> None:
    newest = left(tmp_path / "b", MARK, source__mp4__part=50)
    older = left(tmp_path / "a", MARK, source__mp4__part=20)
    new = left(tmp_path / "new", None)
    partial.take([newest, older], new, MARK)
    assert partial.held(new) == {"source.mp4": 50}


def test_what_is_taken_can_be_taken_again(tmp_path: Path) -> None:
    first = left(tmp_path / "a", MARK, source__mp4__part=50)
    second, third = left(tmp_path / "b", None), left(tmp_path / "c", None)
    partial.take([first], second, MARK)
    partial.take([second], third, MARK)
    assert partial.held(third) == {"source.mp4": 50}


def test_a_sealed_folder_holds_no_mark(tmp_path: Path) -> None:
    folder = left(tmp_path / "a", MARK, source__mp4=50)
    partial.seal(folder, folder / "source.mp4")
    assert [path.name for path in folder.iterdir()] == ["source.mp4"]
