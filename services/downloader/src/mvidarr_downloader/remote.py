"""Makes sure that what is continued is still the same file: its ETag, or when it was changed.

A length alone does not tell. The site is asked for the rest only of that very file (`If-Range`);
one that gives a part of another all the same is found out by the headers of its answer. Where they
tell a checksum, it is kept until the file is complete, whether it came as one or in byte ranges.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.networking import Request
from yt_dlp.networking.common import Response
from yt_dlp.networking.exceptions import HTTPError
from yt_dlp.utils import determine_protocol

from mvidarr_common import forked

from . import digests
from .extractors import Finder
from .failures import explained
from .orders import Progress
from .ranges import Range, digest_of, range_in
from .sums import Sums

Info = Mapping[str, Any]


_extractors: dict[str, Any] = {}
_finders: list[Finder] = []


class Changed(Exception):
    """The file on the site is another one than that which was begun."""


class Spoiled(Changed):
    """The file that came is not the one of which the site tells the checksum."""


class Session(YoutubeDL):  # type: ignore[misc]  # yt-dlp has no types
    """yt-dlp, watching the files that it has been told of with `watch`."""

    def __init__(self, params: dict[str, Any]) -> None:
        self._parts: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self._digests: dict[str, str] = {}
        self._pieces: dict[str, str] = {}
        self._ranges: list[Range] = []
        self._anew: set[str] = set()
        self._spare: Response | None = None
        self._names: dict[tuple[str, ...], str] = {}
        self.sums = Sums()
        self._remember: Callable[[dict[str, str]], None] = lambda _: None
        super().__init__(params)

    def add_default_info_extractors(self) -> None:
        """The same for every session: yt-dlp puts its 1800 in order anew each time, which takes a
        tenth of a second."""
        if not _extractors:
            super().add_default_info_extractors()
            _extractors.update(self._ies)
        self._ies: Any = ChainMap(
            {}, _extractors
        )  # to copy it is to touch, and so to copy, them all

    def extract_info(
        self, url: str, download: bool = True, ie_key: str | None = None, **more: Any
    ) -> Any:
        """As yt-dlp's, by the extractor that it would choose."""
        key = ie_key or next((finder.find(url) for finder in _finders), None)
        return super().extract_info(url, download, key, **more)

    def prepare_filename(self, info_dict: dict[str, Any], dir_type: str = "", **more: Any) -> str:
        """As yt-dlp's, which is asked a dozen times for each file and takes its time; our names
        depend on the kind and the extension alone."""
        key = dir_type, str(info_dict.get("ext"))
        if key not in self._names:
            self._names[key] = super().prepare_filename(info_dict, dir_type, **more)
        return self._names[key]

    def sort_formats(self, info_dict: dict[str, Any]) -> None:
        """As yt-dlp's, and not again of those that are to be fetched now: they are in order."""
        if not self._parts:
            super().sort_formats(info_dict)

    def _forceprint(self, *_: object) -> None:
        """Nothing is to be printed; yt-dlp readies tables for it at every step."""

    def watch(
        self,
        parts: Sequence[Info],
        known: dict[str, str],
        checksums: dict[str, str],
        remember: Callable[[dict[str, str]], None],
    ) -> None:
        """`known` and `checksums` say by format what earlier answers said of the file; new words
        go to them."""
        files = [part for part in parts if _is_a_file(part)]
        self._parts = {Request(each["url"]).url: str(each["format_id"]) for each in files}
        self._known, self._digests, self._remember = known, checksums, remember
        self._ranges.clear()
        self._anew.clear()

    def sends_anew(self, part: str) -> bool:
        """Whether the site has answered with all of it, and not with the rest."""
        return part in self._anew

    def prove(self, status: Info) -> None:
        """A progress hook: a file that is complete has the checksum that its site tells, if it
        tells one. Raises Spoiled."""
        if status["status"] != "finished":
            return
        part, path = str((status.get("info_dict") or {}).get("format_id")), Path(status["filename"])
        self.sums.end(part, path)
        digest = self._digests.get(part) or digest_of(self._ranges, path.stat().st_size)
        self._ranges.clear()
        if digest is None:
            return
        forked.tell(Progress("checking"))  # which may take its time
        if not digests.fits(path, digest):
            raise Spoiled(digest)

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
            self._note_piece(answered, req)
            self._spare = answered if getattr(req, "method", "GET") == "GET" else None
            return answered
        known = self._known.get(part)
        if known and "Range" in req.headers and not known.startswith("W/"):
            req.headers["If-Range"] = known
        answer = self._spared(req) or super().urlopen(req)
        self._compare(part, answer)
        return answer

    def _spared(self, req: Request) -> Response | None:
        """Where an address turned out to be that of a file: the answer that told so, of which
        nothing was read. It needs not be asked for again."""
        spare, self._spare = self._spare, None
        if spare is None or req.method != "GET" or "Range" in req.headers:
            return None
        unread = getattr(spare.fp, "_fp_bytes_read", None) == 0
        return spare if unread and (spare.status, spare.url) == (200, req.url) else None

    def _compare(self, part: str, answer: Response) -> None:
        said = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
        known = self._known.get(part)
        digest = digests.given(answer.status, answer.headers)
        other = known and said and said != known
        if answer.status == 206 and (other or digests.contradicts(self._digests.get(part), digest)):
            answer.close()
            raise Changed
        if answer.status == 200:
            self._anew.add(part)
        self.sums.begin(part, answer)
        self._note(self._known, part, said)
        self._note(self._digests, part, digest, forget=answer.status == 200)

    def _note_piece(self, answer: Response, req: str | Request) -> None:
        """The checksum of a part is none of the piece: several pieces may be parts of one file."""
        url = req.url if isinstance(req, Request) else req
        if answer.status == 200 and (digest := digests.given(200, answer.headers)):
            self._pieces[url] = digest
        if part := range_in(url, answer.status, answer.headers):
            self._ranges.append(part)

    def told_of(self, url: str) -> str | None:
        """The checksum of a piece that has just come whole, if its site has told one."""
        return self._pieces.pop(Request(url).url, None)

    def _note(
        self, known: dict[str, str], part: str, said: str | None, *, forget: bool = False
    ) -> None:
        """A whole file that comes without a checksum has none, whatever the one before it had."""
        before = known.get(part)
        if said:
            known[part] = said
        elif forget:
            known.pop(part, None)
        if known.get(part) != before:
            self._remember(known)


def learn_extractors() -> Finder:
    """What all sessions from now on find theirs with, instead of asking each."""
    _finders[:] = [Finder(_extractors)]
    return _finders[0]


def _is_a_file(part: Info) -> bool:
    """Its address is that of the file itself, and not of a list of its pieces."""
    whole = part.get("url") and not part.get("fragments")
    return bool(whole) and determine_protocol(part) in ("http", "https")
