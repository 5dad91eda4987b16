"""A server with nothing of ours in it, run as ours is: a FastAPI route that returns bytes, and a
websocket that accepts and waits. `python -m bench.bare FILE` prints its port."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop
from fastapi import FastAPI, WebSocket
from starlette.responses import Response

from mvidarr_common.web import serving


def application(body: bytes) -> FastAPI:
    """These bytes under /."""
    app = FastAPI(openapi_url=None)

    @app.get("/")
    async def read() -> Response:
        return Response(body, media_type="application/json")

    @app.websocket("/")
    async def wait(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        await socket.send_text('{"type":"ready"}')
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass

    return app


@asynccontextmanager
async def bare(folder: Path, body: bytes) -> AsyncIterator[tuple[str, int]]:
    """Its address and its process, for as long as the block lasts."""
    (folder / "body").write_bytes(body)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare", str(folder / "body"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.kill()
        await process.wait()


async def main(body: bytes) -> None:
    """Until it is ended."""
    async with serving(application(body), "127.0.0.1", 0) as port:
        print(port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1]).read_bytes()))
