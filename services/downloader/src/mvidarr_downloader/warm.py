"""Imported by the fork server alone: readies yt-dlp, so that each forked child need not.

yt-dlp loads its 1800 extractors and compiles their patterns when it first looks at a page, which
takes about a second of processor time; a child finds it done.
"""

import gc
from contextlib import suppress
from copy import deepcopy
from functools import cache

from yt_dlp.downloader.common import FileDownloader
from yt_dlp.networking import common
from yt_dlp.utils import OUTTMPL_TYPES

from .bounds import heed_no_exceptions
from .remote import Session, learn_extractors

_PAGE = "https://warm.invalid/"
_FILM = {
    "id": "film", "title": "A film", "extractor": "generic", "webpage_url": _PAGE,
    "formats": [{"format_id": "mp4", "url": f"{_PAGE}film.mp4", "ext": "mp4"}],
}  # fmt: skip


def look_at_an_empty_page() -> None:
    """Ready every extractor, and go the way of a film up to its name, without any network."""
    with Session({"quiet": True, "cachedir": False, "proxy": ""}) as ydl:
        for handler in ydl._request_director.handlers.values():
            handler._make_sslcontext()
        learn_extractors().find(_PAGE)
        for name in list(ydl._ies):
            ydl.get_info_extractor(name)
        list(ydl.get_info_extractor("Generic")._extract_embeds(_PAGE, "<html></html>"))
        film = ydl.process_ie_result(deepcopy(_FILM), download=False)
        for kind in OUTTMPL_TYPES:
            ydl.prepare_filename(film, kind)


# Reading the certificates takes longer than reading a page: done once, for all children.
common.make_ssl_context = cache(common.make_ssl_context)

# Lines of progress are written for a console that nobody looks at, with every block.
FileDownloader.report_progress = lambda *_: None

heed_no_exceptions()

# Work at import, since this is what a fork server does with a module. It saves time and nothing
# else, so a failure in it is none.
with suppress(Exception):
    look_at_an_empty_page()
gc.collect()
