"""A process of one generation of the software: it says what it knows and hears what there is.

    python -m tests.integration.bus.generation older|newer URL COUNT

The newer one knows a newer version of an event, and an event that the older one has never heard
of. What each has understood of the log goes to its output as JSON.
"""

import asyncio
import json
import sys

from mvidarr_common.bus import FromFirst, open_bus
from mvidarr_common.envelope import Envelope, decode, fresh
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages import Event
from mvidarr_common.messages.base import Json

PATIENCE = 60.0
OLDER = sys.argv[1:2] == ["older"]

if OLDER:

    class Song(Event, wire="test.song", about="song:name"):
        """As it was at first."""

        name: str

    class Ended(Event, wire="test.ended"):
        """Somebody has said everything."""

else:

    class Song(Event, wire="test.song", version=2, about="song:name"):  # type: ignore[no-redef]
        """Two fields more: one that has always followed from the name, one that may be missing."""

        name: str
        key: str
        mood: str | None = None

        @staticmethod
        def upcast_v1(data: Json) -> Json:
            """The key was not told."""
            return {**data, "key": data["name"].casefold()}

    class Ended(Event, wire="test.ended"):  # type: ignore[no-redef]
        """Somebody has said everything."""

    class Danced(Event, wire="test.danced", about="song:name"):
        """What nobody did before."""

        name: str


def _said(generation: str, number: int) -> list[Envelope]:
    name = f"Song {number} of the {generation}"
    if OLDER:
        return [fresh(Song(name=name), source=generation)]
    newer = Song.model_validate({"name": name, "key": name.casefold(), "mood": "glad"})
    return [fresh(newer, source=generation), fresh(Danced(name=name), source=generation)]


async def live(generation: str, url: str, count: int) -> None:
    """Say so many things while the other does, then look at all of them."""
    heard: list[dict[str, object]] = []
    ended = 0
    async with asyncio.timeout(PATIENCE), open_bus(url, generation) as bus:
        for number in range(count):
            await bus.publish(*_said(generation, number))
        await bus.publish(fresh(Ended(), source=generation))
        async with bus.read_log(FromFirst()) as reader:
            while ended < 2:
                for record in await reader.batch():
                    try:
                        message = decode(record.body).message
                    except Undecodable as unknown:
                        heard.append({"unknown": unknown.message})
                        continue
                    ended += isinstance(message, Ended)
                    if isinstance(message, Song):
                        heard.append(message.model_dump(mode="json"))
    sys.stdout.write(json.dumps(heard))


if __name__ == "__main__":
    asyncio.run(live(sys.argv[1], sys.argv[2], int(sys.argv[3])))
