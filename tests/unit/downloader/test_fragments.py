"""The note beside a film in fragments says what is in the film, and not what came too early."""

import json
from pathlib import Path

from yt_dlp import YoutubeDL
from yt_dlp.downloader.hls import HlsFD

from mvidarr_downloader.fragments import noted


def test_the_note_counts_fragments_that_are_written_and_not_those_that_have_come(
    tmp_path: Path,
) -> None:
    film, piece = tmp_path / "source.mp4.part", tmp_path / "source.mp4.part-Frag4"
    piece.write_bytes(b"four")
    with noted(), YoutubeDL({"quiet": True}) as ydl, film.open("wb") as stream:
        context = {
            "filename": str(tmp_path / "source.mp4"), "tmpfilename": str(film), "live": False,
            "dest_stream": stream, "fragment_filename_sanitized": str(piece),
            "fragment_index": 6,  # another thread has counted the sixth, which was quicker
        }  # fmt: skip
        HlsFD(ydl, {})._append_fragment(context, b"four")
    note = json.loads((tmp_path / "source.mp4.ytdl").read_text())
    assert note["downloader"]["current_fragment"]["index"] == 4
    assert note["bytes"] == 4
