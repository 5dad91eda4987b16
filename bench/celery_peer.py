"""Celery as a peer: RabbitMQ with confirmed publishes, late acknowledgements, results in
PostgreSQL; a worker of its own with as many processes as there are cores."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import Popen

from mvidarr_common.testing.servers import end

from .ground import Ground

APP = """
import os, sys, time
import psycopg
from celery import Celery

DATABASE = os.environ["DATABASE"]
app = Celery("app", broker=os.environ["BROKER"], backend="db+" + DATABASE)
app.conf.update(
    task_acks_late=True,
    broker_transport_options={"confirm_publish": True},
    database_create_tables_at_setup=True,
)

@app.task
def noop():
    pass

def done(connection):
    query = "SELECT count(*) FROM celery_taskmeta WHERE status = 'SUCCESS'"
    return connection.execute(query).fetchone()[0]

if __name__ == "__main__":
    many = int(sys.argv[1])
    noop.delay().get(timeout=60)
    with psycopg.connect(DATABASE.replace("+psycopg", ""), autocommit=True) as connection:
        before, began = done(connection), time.perf_counter()
        for _ in range(many):
            noop.delay()
        while done(connection) < before + many:
            time.sleep(0.005)
    print(time.perf_counter() - began)
"""


@asynccontextmanager
async def celery(ground: Ground) -> AsyncIterator[Callable[[int], Awaitable[float]]]:
    """A worker at work; gives what has so many jobs done, and says how many seconds it took."""
    folder = ground.folder("celery")
    (folder / "app.py").write_text(APP)
    url = await asyncio.to_thread(ground.postgres.new_database)
    database = url.replace("+asyncpg", "+psycopg")
    environment = os.environ | {"BROKER": ground.new_amqp_url(), "DATABASE": database}
    worker = await asyncio.to_thread(_worker, folder, environment)

    async def seconds_of(many: int) -> float:
        producer = await asyncio.create_subprocess_exec(
            sys.executable, "app.py", str(many),
            cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, _ = await producer.communicate()
        return float(said)

    try:
        yield seconds_of
    finally:
        await asyncio.to_thread(end, worker, signal.SIGTERM)


def _worker(folder: Path, environment: Mapping[str, str]) -> "Popen[bytes]":
    command = [sys.executable, "-m", "celery", "--app", "app", "worker", "--loglevel", "error"]
    with (folder / "worker.log").open("wb") as output:
        return Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
