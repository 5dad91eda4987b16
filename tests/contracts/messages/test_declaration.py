"""A message is wrong where it is declared, not where it is read."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from prometheus_client import REGISTRY

from mvidarr_common.envelope import decode
from mvidarr_common.errors import Undecodable
from mvidarr_common.messages import Event, UnknownMessage, base, find, registered


@pytest.fixture(autouse=True)
def _registry_as_before() -> Iterator[None]:
    """What tests declare is forgotten after them."""
    before = dict(base._registry)
    yield
    base._registry.clear()
    base._registry.update(before)


def test_a_missing_upcaster_is_an_error_at_the_declaration() -> None:
    with pytest.raises(TypeError, match="Renamed version 3 lacks upcast_v1"):

        class Renamed(Event, wire="test.renamed", version=3):
            @staticmethod
            def upcast_v2(data: dict[str, Any]) -> dict[str, Any]:
                return data


def test_two_messages_cannot_share_a_name() -> None:
    class First(Event, wire="test.shared"):
        pass

    with pytest.raises(TypeError, match="Second and First share the name"):

        class Second(Event, wire="test.shared"):
            pass


def test_upcasters_are_applied_one_after_the_other() -> None:
    class Moved(Event, wire="test.moved", version=3):
        to: str
        by: str = "nobody"

        @staticmethod
        def upcast_v1(data: dict[str, Any]) -> dict[str, Any]:
            return {"target": data["where"]}

        @staticmethod
        def upcast_v2(data: dict[str, Any]) -> dict[str, Any]:
            return {"to": data["target"]}

    assert Moved.read({"where": "a"}, 1) == Moved(to="a")
    assert Moved.read({"target": "a"}, 2) == Moved(to="a")
    assert Moved.read({"to": "a", "by": "me"}, 3) == Moved(to="a", by="me")


def test_what_is_read_from_an_older_version_is_counted() -> None:
    class Grown(Event, wire="test.grown", version=2):
        to: str

        @staticmethod
        def upcast_v1(data: dict[str, Any]) -> dict[str, Any]:
            return {"to": data["where"]}

    body = {
        "specversion": "1.0", "id": "1", "type": "event.test.grown", "source": "catalog",
        "time": "2026-01-02T03:04:05+00:00", "dataversion": 1, "correlationid": "1",
        "data": {"where": "a"},
    }  # fmt: skip
    assert decode(orjson.dumps(body)).message == Grown(to="a")
    labels = {"type": "event.test.grown", "from": "1"}
    assert REGISTRY.get_sample_value("mvidarr_upcasts_total", labels) == 1


def test_a_newer_version_than_ours_is_read_as_ours() -> None:
    class Plain(Event, wire="test.plain"):
        a: str

    assert Plain.read({"a": "x", "fromTheFuture": 1}, 7) == Plain(a="x")


def test_unknown_fields_are_ignored() -> None:
    body = {
        "specversion": "1.0", "id": "1", "type": "event.video.wanted", "source": "catalog",
        "time": "2026-01-02T03:04:05+00:00", "dataversion": 1, "correlationid": "1",
        "newattribute": True, "data": {"videoId": "v", "newField": [1, 2]},
    }  # fmt: skip
    assert decode(orjson.dumps(body)).subject == "video/v"


def test_a_name_that_nobody_speaks_is_told() -> None:
    with pytest.raises(UnknownMessage, match="nobody here knows the event"):
        find("event", "test.never")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"type": 1}', b'{"type": "event.video.wanted"}']
)
def test_what_is_no_envelope_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        decode(body)


def test_fields_are_camel_case_on_the_wire() -> None:
    for cls in registered():
        for name, field in cls.model_fields.items():
            alias = field.alias or name
            assert "_" not in alias, f"{cls.__name__}.{name}"
            assert alias[0].islower(), f"{cls.__name__}.{name}"


def test_every_subject_names_a_field_of_its_message() -> None:
    for cls in registered():
        _, _, field = cls.about.partition(":")
        assert not field or field in cls.model_fields, cls.__name__
