"""Real media, made once by FFmpeg, and a data root of a test's own."""

import asyncio
import hashlib
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import PlaceFile
from mvidarr_common.processes import Children
from mvidarr_common.testing.worker import run_job
from mvidarr_transcoder.deps import Deps, deps_from
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.service import service
from mvidarr_transcoder.settings import TranscoderSettings

PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=6"]
SOUND = ["-f", "lavfi", "-i", "sine=440:d=6"]
SHORT = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=2", "-f", "lavfi", "-i", "sine=440:d=2"]
MP4 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
WEBM = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]

Make = Callable[..., Path]
Run = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def ffmpeg() -> str:
    return deps_from(TranscoderSettings()).ffmpeg


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory, ffmpeg: str) -> Path:
    """A folder with a whole MP4 (faststart) and a whole WebM of six seconds, and a short WebM."""
    folder = tmp_path_factory.mktemp("media")
    _make(ffmpeg, folder / "whole.mp4", *PICTURE, *SOUND, *MP4, "-movflags", "+faststart")
    _make(ffmpeg, folder / "whole.webm", *PICTURE, *SOUND, *WEBM)
    _make(ffmpeg, folder / "short.webm", *SHORT, *WEBM)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> DataRoot:
    (tmp_path / "data").mkdir()
    return DataRoot(tmp_path / "data")


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where films wait that more than one test asks for."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture
def make(ffmpeg: str, root: DataRoot, shelf: Path) -> Make:
    """`make("x.mp4", *arguments)` lets FFmpeg make a file in staging, once for all tests that ask
    for the same; returns its path."""

    def made(name: str, *arguments: str) -> Path:
        path = root.path / "staging" / "made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        asked = hashlib.sha256("\n".join(arguments).encode()).hexdigest()
        kept = shelf / f"{asked}{path.suffix}"
        if not kept.exists():
            _make(ffmpeg, kept, *arguments)
        shutil.copy(kept, path)
        return path

    return made


@pytest.fixture
def put(root: DataRoot) -> Callable[[str, bytes], str]:
    """Write bytes into staging; returns the relative path."""

    def written(name: str, content: bytes) -> str:
        path = root.path / "staging" / "made" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return root.relative(path)

    return written


@pytest.fixture
def staged(root: DataRoot, media: Path) -> Callable[..., PlaceFile]:
    """A copy of a whole file in staging, as verifying would have told it."""

    def copied(name: str = "whole.mp4", role: str = "original", job: str = "download") -> PlaceFile:
        path = root.path / "staging" / job / "delivery" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(media / name, path)
        facts = measure(str(path))
        return PlaceFile.model_validate(
            {"path": root.relative(path), "role": role, "sha256": "0" * 64, "facts": facts}
        )

    return copied


@pytest.fixture
def deps(root: DataRoot) -> Deps:
    """Tags are embedded only where they are the subject."""
    return deps_from(TranscoderSettings(data_root=root.path, embed_tags=False))


@pytest.fixture(scope="session")
def children() -> Iterator[Children]:
    """One fork server for all tests: what it imports costs more than most of them."""
    opened = Children(service.preload)
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
async def run(root: DataRoot, deps: Deps, children: Children) -> AsyncIterator[Run]:
    """Run a handler as a worker would."""

    async def ran(handler: Any, spec: Any, **how: Any) -> Any:
        return await run_job(handler, spec, deps, root, children=children, **how)

    yield ran
    await children.rest()


def _make(ffmpeg: str, path: Path, *arguments: str) -> Path:
    subprocess.run([ffmpeg, "-v", "error", "-y", *arguments, str(path)], check=True)
    return path
