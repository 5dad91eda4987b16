"""Makes sure that what is continued is still the same file: its ETag, or when it was changed.

A length alone does not tell. The site is asked for the rest only of that very file (`If-Range`);
one that gives a part of another all the same is found out by the headers of its answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking import Request
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import HTTPError

from .failures import explained

Info = Mapping[str, Any]


_extractors: list[Any] = []


class Changed(Exception):
    """The file on the site is another one than that which was begun."""


class Session(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp, watching the files that it has been told of with `watch`."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._parts: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._remember: Callable[[dict[str, str]], None] = lambda _: None
        super().__init__(params)

    def add_default_info_extractors(self) -> None:
        """The same for every session: yt-dlp puts its 1800 in order anew each time, which takes a
        tenth of a second."""
        if not _extractors:
            super().add_default_info_extractors()
            _extractors.extend(self._ies.values())
        for each in () if self._ies else _extractors:
            self.add_info_extractor(each if isinstance(each, type) else type(each)())

    def watch(
        self,
        parts: Sequence[Info],
        known: dict[str, str],
        remember: Callable[[dict[str, str]], None],
    ) -> None:
        """`known` says by format what earlier answers said of the file; new words go to it."""
        files = [part for part in parts if part.get("url") and not part.get("fragments")]
        self._parts = {Request(each["url"]).url: str(each["format_id"]) for each in files}
        self._known, self._remember = known, remember

    def urlopen(self, req: str | Request) -> Response:
        """As yt-dlp's; raises Changed."""
        try:
            return self._watched(req)
        except HTTPError as refusal:
            raise explained(refusal) from refusal.__cause__

    def _watched(self, req: str | Request) -> Response:
        part = self._parts.get(req.url if isinstance(req, Request) else req)
        if part is None or not isinstance(req, Request):
            answered: Response = super().urlopen(req)
            return answered
        known = self._known.get(part)
        if known and "Range" in req.headers and not known.startswith("W/"):
            req.headers["If-Range"] = known
        answer: Response = super().urlopen(req)
        self._compare(part, answer)
        return answer

    def _compare(self, part: str, answer: Response) -> None:
        said = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        known = self._known.get(part)
        if answer.status == 206 and known and said and said != known:
            answer.close()
            raise Changed
        if said and said != known:
            self._known[part] = said
            self._remember(self._known)
