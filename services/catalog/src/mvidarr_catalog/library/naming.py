"""One spelling of names and addresses, so that the same thing is known as the same thing."""

from unicodedata import category, normalize
from urllib.parse import urlsplit, urlunsplit

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import VideoId, derive
from mvidarr_common.messages.library import Description
from mvidarr_common.sites import SEARCH, is_search_for_one

IMPORTED = "import:"
"""How the address of a video begins that came as a file."""


def plain_name(name: str) -> str:
    """A name as people wrote it, without control characters and doubled spaces."""
    visible = "".join(" " if category(char) in ("Cc", "Zl", "Zp") else char for char in name)
    return normalize("NFC", " ".join(visible.split()))


def plain(description: Description) -> Description:
    """A description whose names are plain; an empty name counts as not known."""
    names = {
        field: plain_name(value) or None
        for field in ("title", "artist", "album", "studio")
        if (value := getattr(description, field)) is not None
    }
    return description.model_copy(update=names)


def plain_url(url: str) -> str:
    """An address without fragment and with its host in lower case, or a search for one video;
    raises Invalid for what is none. The gateway checks more; this keeps nonsense out of the log
    whoever asks."""
    if SEARCH.fullmatch(url.strip()):
        return _plain_search(url.strip())
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme.lower() not in ("http", "https"):
        raise Invalid("invalid_url", "The address must begin with http:// or https:// and a host.")
    netloc = parts.netloc.replace(parts.netloc.rpartition("@")[2], _host(parts.netloc))
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, ""))


def _plain_search(search: str) -> str:
    if not is_search_for_one(search):
        raise Invalid(
            "invalid_search",
            "The search gives several videos: inspect it, and add those that are meant.",
        )
    return plain_name(search)


def video_id(url: str) -> VideoId:
    """The id of the video at this plain address: asked for twice, it is the same video."""
    return VideoId(derive("video", url))


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].lower()
