"""Counts the bytes of a download: tells how far it is, and stops what is too much or changed."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from mvidarr_common.errors import JobError

from .failures import too_large
from .orders import Progress, Stage
from .remote import Changed

_PAUSE = 0.1
"""Seconds between two tellings; the worker thins them out further."""


HISTORY = 60
"""Seconds of which the speed is kept."""


class Meter:
    """yt-dlp's progress hook. A video may come as several files, one after the other."""

    def __init__(
        self,
        limit: int,
        expected: int | None,
        begun: Mapping[str, int],
        sizes: dict[str, int],
        tell: Callable[[Progress], None],
        remember: Callable[[dict[str, int]], None],
        anew: Callable[[str], bool],
    ) -> None:
        self.limit = limit
        self.expected = expected
        self.begun = begun
        """Bytes of each file that were there at the start."""
        self.sizes = sizes
        """The whole size of each file, as the site says; kept for the next attempt."""
        self.done: dict[str, int] = {}
        self.resumed_from = 0
        self._tell = tell
        self._remember = remember
        self._anew = anew
        """Whether the site sends all of a format again, whatever is there."""
        self._told = 0.0
        self._speeds = deque[int](maxlen=HISTORY)
        self._second, self._before = time.monotonic(), sum(begun.values())

    def __call__(self, status: Mapping[str, Any]) -> None:
        name = str(status["filename"]).rpartition("/")[2]
        bytes_ = int(status.get("downloaded_bytes") or status.get("total_bytes") or 0)
        if name not in self.done:
            self._begins(name, bytes_, status)
        self.done[name] = bytes_
        self._refuse_too_much(int(status.get("total_bytes") or 0))
        if status["status"] == "finished":
            self._finishes(name, bytes_, status)
        elif time.monotonic() - self._told >= _PAUSE:
            self._told = time.monotonic()
            self._tell(self._progress(status))

    def _refuse_too_much(self, promised: int) -> None:
        """yt-dlp has a limit of its own, which it keeps for single files only, and in silence."""
        if max(self.got, promised) > self.limit:
            raise too_large(max(self.got, promised), self.limit)

    @property
    def got(self) -> int:
        """The bytes of all files so far."""
        return sum(self.done.values())

    def _begins(self, name: str, bytes_: int, status: Mapping[str, Any]) -> None:
        total = status.get("total_bytes")
        if total is not None:
            if self.sizes.setdefault(name, int(total)) != total:
                raise Changed
            self._remember(self.sizes)
        self._told = 0.0  # what begins is told at once
        held = self.begun.get(name, 0)
        part = str((status.get("info_dict") or {}).get("format_id"))
        if bytes_ >= held and not self._anew(part):
            self.resumed_from += held

    def _finishes(self, name: str, bytes_: int, status: Mapping[str, Any]) -> None:
        promised = self.sizes.get(name) or status.get("info_dict", {}).get("filesize")
        if promised is not None and bytes_ < promised:
            text = f"The transfer ended early: {bytes_} of {promised} bytes came."
            raise JobError("network", text, retry=True)

    def _progress(self, status: Mapping[str, Any]) -> Progress:
        total = self.expected or status.get("total_bytes") or status.get("total_bytes_estimate")
        wrong = (self.expected is None and len(self.done) > 1) or (total or 0) < self.got
        return Progress(
            _phase(status.get("info_dict") or {}),
            done=self.got,
            total=None if wrong else total,
            speed=status.get("speed"),
            eta=status.get("eta"),
            speeds=self._history(),
        )

    def _history(self) -> tuple[int, ...]:
        """With the last second's, where one has passed."""
        now, got = time.monotonic(), self.got
        if now - self._second >= 1.0:
            self._speeds.append(round(max(0, got - self._before) / (now - self._second)))
            self._second, self._before = now, got
        return tuple(self._speeds)


def _phase(part: Mapping[str, Any]) -> Stage:
    """What of a film is on its way."""
    if part.get("vcodec") == "none":
        return "downloading audio"
    return "downloading video" if part.get("acodec") == "none" else "downloading"
