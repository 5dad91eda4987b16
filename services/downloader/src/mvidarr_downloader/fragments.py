"""Keeps a film that comes in fragments in step with the note of how many it holds.

yt-dlp writes a fragment and then, beside it, the number of fragments written. Killed in between,
it would put a fragment in twice or go on behind half a one. So the note also says how many bytes
the fragments have, and what is beyond them is cut off before the film is continued. The number is
that of the fragment just written: yt-dlp's own count also has those that came too early.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from yt_dlp.downloader.fragment import FragmentFD

Context = dict[str, Any]

NOTE = ".ytdl"
_WHOLE, _WRITTEN = "mvidarr_whole_at", "mvidarr_written"


@contextmanager
def noted() -> Iterator[None]:
    """Within the block every note says its bytes; the whole process is bound."""
    append, write = FragmentFD._append_fragment, FragmentFD._write_ytdl_file

    def appending(self: FragmentFD, ctx: Context, content: bytes) -> None:
        ctx[_WHOLE] = _size(ctx) + len(content)
        ctx[_WRITTEN] = int(str(ctx["fragment_filename_sanitized"]).rpartition("-Frag")[2])
        append(self, ctx, content)

    def writing(self: FragmentFD, ctx: Context) -> None:
        size = _size(ctx)
        if size == ctx.get(_WHOLE, size):
            _write(Path(self.ytdl_filename(ctx["filename"])), ctx, size)

    FragmentFD._append_fragment, FragmentFD._write_ytdl_file = appending, writing
    try:
        yield
    finally:
        FragmentFD._append_fragment, FragmentFD._write_ytdl_file = append, write


def mend(folder: Path) -> None:
    """Cut off what no note vouches for; without a note that can be read, begin anew."""
    for note in folder.glob(f"*{NOTE}"):
        part = note.with_name(note.name.removesuffix(NOTE) + ".part")
        bytes_ = _noted(note)
        if bytes_ is None or not part.exists() or part.stat().st_size < bytes_:
            part.unlink(missing_ok=True)
            note.unlink()
        else:
            os.truncate(part, bytes_)


def _size(ctx: Context) -> int:
    """The bytes that the file has now."""
    stream = ctx.get("dest_stream")
    if stream is not None and not stream.closed:
        return os.fstat(stream.fileno()).st_size
    with suppress(OSError):
        return Path(ctx["tmpfilename"]).stat().st_size
    return 0


def _write(path: Path, ctx: Context, bytes_: int) -> None:
    """As yt-dlp writes and reads it, whole or not at all."""
    note: Context = {"current_fragment": {"index": ctx.get(_WRITTEN, ctx["fragment_index"])}}
    for name in ("extra_state", "fragment_count"):
        if ctx.get(name) is not None:
            note[name] = ctx[name]
    draft = path.with_name(f".{path.name}")
    draft.write_text(json.dumps({"downloader": note, "bytes": bytes_}))
    draft.replace(path)


def _noted(note: Path) -> int | None:
    try:
        return int(json.loads(note.read_text())["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
