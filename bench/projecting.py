"""A projection of the `eventsourcing` library as a peer: ten events of each of many videos in
PostgreSQL, and a table that shows them; an event and its place in one transaction, as it does."""

import asyncio
import os
import sys
from urllib.parse import urlsplit

from .ground import Ground

VIDEOS = 300
PROGRAM = """
import sys, time
from functools import singledispatchmethod
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL

class Video(Aggregate):
    @event("Added")
    def __init__(self, url):
        self.url, self.state = url, "wanted"

    @event("Told")
    def tell(self, state):
        self.state = state

class Videos(Application):
    pass

class View(PostgresTrackingRecorder):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        table = "CREATE TABLE IF NOT EXISTS shown (id uuid PRIMARY KEY, url text, state text)"
        self.sql_create_statements.append(SQL(table))

    def write(self, statement, values, tracking):
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(statement, values, prepare=True)
            self._insert_tracking(cursor, tracking)

class Shown(Projection[View]):
    @singledispatchmethod
    def process_event(self, domain_event, tracking):
        pass

    @process_event.register
    def added(self, domain_event: Video.Added, tracking):
        values = (domain_event.originator_id, domain_event.url)
        self.view.write("INSERT INTO shown VALUES (%s, %s, 'wanted')", values, tracking)

    @process_event.register
    def told(self, domain_event: Video.Told, tracking):
        values = (domain_event.state, domain_event.originator_id)
        self.view.write("UPDATE shown SET state = %s WHERE id = %s", values, tracking)

if __name__ == "__main__":
    videos = Videos()
    for number in range(int(sys.argv[1])):
        video = Video(url=f"https://videos.test/{number}")
        for step in range(9):
            video.tell(f"step {step}")
        videos.save(video)
    last = videos.recorder.max_notification_id()
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Videos, projection_class=Shown, view_class=View
    ) as runner:
        runner.wait(last, timeout=300)
    print(last / (time.perf_counter() - began))
"""


async def events_per_second(ground: Ground) -> float:
    """By a process of its own, on a database of its own."""
    folder = ground.folder("eventsourcing")
    (folder / "videos.py").write_text(PROGRAM)
    where = urlsplit(await asyncio.to_thread(ground.postgres.new_database))
    environment = os.environ | {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": where.path.lstrip("/"),
        "POSTGRES_HOST": where.hostname or "",
        "POSTGRES_PORT": str(where.port),
        "POSTGRES_USER": where.username or "",
        "POSTGRES_PASSWORD": where.password or "none",
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable, "videos.py", str(VIDEOS),
        cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await program.communicate()
    return float(said)
