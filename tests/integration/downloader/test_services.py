"""Services of our own that settings name: the one that makes proofs of origin."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from yt_dlp.extractor.youtube.pot._director import initialize_pot_director
from yt_dlp.extractor.youtube.pot.provider import PoTokenContext, PoTokenRequest

from mvidarr_common.demo.server import serving
from mvidarr_downloader.bounds import bounded
from mvidarr_downloader.options import Journal, reading
from mvidarr_downloader.orders import Manners
from mvidarr_downloader.remote import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Prover:
    """Gives proofs, and keeps what it was asked for."""

    address: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: Request) -> JSONResponse:
        self.asked.append(await request.json())
        return JSONResponse({"poToken": "dG9rZW4="})


@pytest_asyncio.fixture(loop_scope="session")
async def prover() -> AsyncIterator[Prover]:
    prover = Prover()
    routes = [Route("/get_pot", prover.answer, methods=["POST"])]
    async with serving(Starlette(routes=routes)) as address:
        prover.address = address
        yield prover


def proof(po_tokens: str | None, video: str) -> str | None:
    """What yt-dlp's extractor gets when it asks for one, within the guard."""
    manners, journal = Manners(1, "ffmpeg", po_tokens=po_tokens), Journal()
    with bounded(manners, journal) as way, Session(reading(manners, journal, way.proxy)) as ydl:
        context = {"client": {"clientName": "WEB", "remoteHost": "192.0.2.1"}}
        request = PoTokenRequest(
            context=PoTokenContext.PLAYER, innertube_context=context, video_id=video
        )
        director = initialize_pot_director(ydl.get_info_extractor("Youtube"))
        token: str | None = director.get_po_token(request)
        return token


async def test_a_proof_of_origin_comes_from_the_service_that_the_settings_name(
    prover: Prover,
) -> None:
    assert await asyncio.to_thread(proof, prover.address, "jNQXAC9IVRw") == "dG9rZW4="
    assert prover.asked == [{"content_binding": "jNQXAC9IVRw", "bypass_cache": False}]


async def test_without_such_a_service_there_is_no_proof() -> None:
    assert await asyncio.to_thread(proof, None, "dQw4w9WgXcQ") is None
