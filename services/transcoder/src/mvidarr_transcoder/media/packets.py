"""Whether two files hold the same: what is seen and heard, packet by packet, without decoding."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from mvidarr_common import forked

from .facts import is_cover
from .opening import open_media

_TELL_EVERY = 2000


@dataclass(slots=True)
class _Heard:
    kind: str
    packets: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


def same_packets(one: str, other: str) -> bool:
    """Raises av.FFmpegError for an unreadable file."""
    return _packets(one) == _packets(other)


def _packets(path: str) -> list[tuple[str, int, str]]:
    with open_media(path) as container:
        films = [s for s in container.streams if s.type in ("video", "audio") and not is_cover(s)]
        heard = {film.index: _Heard(film.type) for film in films}
        for number, packet in enumerate(container.demux(films)):
            if packet.size:
                stream = heard[packet.stream.index]
                stream.packets += 1
                stream.digest.update(packet)
            if number % _TELL_EVERY == 0:
                forked.tell(number)
    return [(each.kind, each.packets, each.digest.hexdigest()) for each in heard.values()]
