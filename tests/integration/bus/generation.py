"""A process of one generation of the software: it says what it knows and hears what there is.

    python -m tests.integration.bus.generation older|newer URL COUNT

The newer one knows a newer version of an event, and an event that the older one has never heard
of. What each has understood of the log goes to its output as JSON.
"""

import asyncio
import json
import sys

from mvidarr_common.bus import Delivery, FromFirst, open_bus
from mvidarr_common.bus.topology import job_queue
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

    class Task(Event, wire="test.task"):
        """Work, as it was at first."""

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

    class Task(Event, wire="test.task", version=2):  # type: ignore[no-redef]
        """Work with a field more."""

        name: str
        key: str

        @staticmethod
        def upcast_v1(data: Json) -> Json:
            """The key was not told."""
            return {**data, "key": data["name"].casefold()}

    class Ended(Event, wire="test.ended"):  # type: ignore[no-redef]
        """Somebody has said everything."""

    class Danced(Event, wire="test.danced", about="song:name"):
        """What nobody did before."""

        name: str


QUEUE = job_queue("noop")
Task.routing_key = classmethod(lambda *_: "event.job.queued.noop")  # type: ignore[assignment]


def _said(generation: str, number: int) -> list[Envelope]:
    name = f"Song {number} of the {generation}"
    work = Task.model_validate({"name": name, "key": name.casefold()})
    if OLDER:
        said = [Song(name=name), work]
    else:
        newer = Song.model_validate({"name": name, "key": name.casefold(), "mood": "glad"})
        said = [newer, work, Danced(name=name)]
    return [fresh(each, source=generation) for each in said]


async def live(generation: str, url: str, count: int) -> None:
    """Say so many things while the other does, then look at all of them."""
    heard: list[dict[str, object]] = []
    ended = 0

    async def work(delivery: Delivery) -> None:
        task = decode(delivery.body).message
        heard.append({"task": task.model_dump(mode="json")})
        await delivery.ack()

    async with asyncio.timeout(PATIENCE), open_bus(url, generation) as bus:
        for number in range(count):
            await bus.publish(*_said(generation, number))
        await bus.publish(fresh(Ended(), source=generation))
        async with bus.work(QUEUE, 4, work), bus.read_log(FromFirst()) as reader:
            while ended < 2 or await bus.depth(QUEUE.name):
                for record in await reader.batch(wait=0.1):
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
