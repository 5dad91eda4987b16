"""Ids, and how the id of what follows is derived from what caused it."""

from typing import NewType
from unicodedata import normalize
from uuid import UUID, uuid4, uuid5

ArtistId = NewType("ArtistId", str)
VideoId = NewType("VideoId", str)
FileId = NewType("FileId", str)
JobId = NewType("JobId", str)
PipelineId = NewType("PipelineId", str)
ProfileId = NewType("ProfileId", str)
SubscriptionId = NewType("SubscriptionId", str)
UserId = NewType("UserId", str)
ApiKeyId = NewType("ApiKeyId", str)
SessionId = NewType("SessionId", str)
PassId = NewType("PassId", str)
WorkerId = NewType("WorkerId", str)

_NAMESPACE = UUID("6d766964-6172-7200-8000-000000000001")


def new_id() -> str:
    """An id for something that nothing in the log has caused, such as a command."""
    return str(uuid4())


def derive(cause: str, what: str, ordinal: int | str = 0) -> str:
    """The id of what follows from `cause`: handled twice, the same thing is said twice."""
    return str(uuid5(_NAMESPACE, f"{cause}/{what}/{ordinal}"))


def name_key(name: str) -> str:
    """One spelling of a name for comparison: NFKC, case-folded, single spaces."""
    return " ".join(normalize("NFKC", name).casefold().split())


def artist_id(name: str) -> ArtistId:
    """The id of the artist of this name; the same name always gives the same artist."""
    return ArtistId(derive("artist", name_key(name)))
