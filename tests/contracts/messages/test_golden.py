"""History stays readable: what was published is kept here, and no change may break it."""

import json
from pathlib import Path

import pytest

from mvidarr_common.envelope import decode
from mvidarr_common.golden import complaint, keep, schema_of, stem
from mvidarr_common.messages import Message, find, registered

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = sorted(GOLDEN.glob("*.sample.json"))
MESSAGES = registered()


@pytest.mark.parametrize("cls", MESSAGES, ids=stem)
def test_a_message_is_as_it_was_published(cls: type[Message]) -> None:
    kept = GOLDEN / f"{stem(cls)}.schema.json"
    assert kept.exists(), f"{stem(cls)} is new: run `make golden` and commit what it adds"
    problem = complaint(cls, json.loads(kept.read_text()))
    assert problem is None, problem
    assert json.loads(kept.read_text()) == schema_of(cls), (
        f"{stem(cls)} has grown, and old records stay readable: run `make golden`"
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name.removesuffix(".sample.json"))
def test_every_record_ever_published_can_be_read(path: Path) -> None:
    envelope = decode(path.read_bytes())
    assert path.name.startswith(f"{envelope.type}.v")
    assert envelope.correlation_id == "command-1"


def test_nothing_published_has_vanished() -> None:
    for path in SAMPLES:
        kind, _, rest = path.name.partition(".")
        assert find(kind, rest.rpartition(".v")[0])


def test_every_version_of_every_message_is_kept() -> None:
    for cls in MESSAGES:
        for version in range(1, cls.version + 1):
            name = f"{cls.kind}.{cls.wire}.v{version}"
            assert (GOLDEN / f"{name}.sample.json").exists(), name
            assert (GOLDEN / f"{name}.schema.json").exists(), name


def test_a_change_without_a_new_version_is_told_with_what_to_do() -> None:
    cls = find("event", "video.ready")
    kept = schema_of(cls) | {"required": []}
    said = complaint(cls, kept)
    assert said is not None
    assert "event.video.ready is published as version 1" in said
    assert "- title is required now" in said
    assert "def upcast_v1(data):" in said
    assert "make golden" in said


def test_keeping_adds_what_is_new_and_never_overwrites(tmp_path: Path) -> None:
    assert keep(tmp_path) == []
    sample = tmp_path / "event.video.ready.v1.sample.json"
    schema = tmp_path / "event.video.ready.v1.schema.json"
    sample.write_text("{}")
    schema.write_text(json.dumps(schema_of(find("event", "video.ready")) | {"required": []}))
    broken = schema.read_text()
    assert len(keep(tmp_path)) == 1
    assert sample.read_text() == "{}"
    assert schema.read_text() == broken


def test_samples_are_made_the_same_each_time(tmp_path: Path) -> None:
    keep(tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        path.unlink()
    keep(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
