"""The generated documentation is what the classes say, and what its format demands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from typer import Typer
from typer.testing import CliRunner

from mvidarr_common.catalogue import asyncapi, entries, markdown
from mvidarr_common.cli.messages import register
from mvidarr_common.cli.settings import page
from mvidarr_common.messages import registered

ROOT = Path(__file__).parents[3]
OFFICIAL = Path(__file__).parent / "asyncapi-3.0.0" / "schema.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi()


def references(part: Any) -> Iterator[str]:
    """Every `$ref` in a document."""
    if isinstance(part, list):
        for item in part:
            yield from references(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            elif key not in ("examples", "default"):
                yield from references(value)


def test_the_page_of_settings_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == page(), "run `make docs`"


def test_the_page_of_messages_is_current() -> None:
    said = (ROOT / "docs" / "messages.md").read_text()
    assert said == markdown(), "run `make docs` and commit docs/messages.md"


def test_the_asyncapi_document_is_current(document: dict[str, Any]) -> None:
    said = json.loads((ROOT / "docs" / "asyncapi.json").read_text())
    assert said == document, "run `make docs` and commit docs/asyncapi.json"


def test_the_document_is_asyncapi_3(document: dict[str, Any]) -> None:
    official = Draft7Validator(json.loads(OFFICIAL.read_text()))
    errors = [
        f"{list(error.absolute_path)}: {error.message[:200]}"
        for error in official.iter_errors(document)
    ]
    assert errors == []


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(references(document)):
        part: Any = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
        assert part, reference


def test_every_message_is_in_the_document_with_a_valid_example(document: dict[str, Any]) -> None:
    said = document["components"]["messages"]
    for entry in entries():
        message = said[entry.type]
        payload = message["payload"] | {"components": document["components"]}
        Draft202012Validator(payload).validate(message["examples"][0]["payload"])


def test_every_message_has_its_section(document: dict[str, Any]) -> None:
    page = markdown()
    for cls in registered():
        assert f"\n### {cls.kind}.{cls.wire}\n" in page


def command(*options: str) -> str:
    """What the command prints."""
    app = Typer()
    register(app)
    result = CliRunner().invoke(app, [*options], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_prints_the_page_and_the_document(document: dict[str, Any]) -> None:
    assert command("--markdown") == markdown()
    assert orjson.loads(command("--asyncapi")) == document


def test_the_command_prints_a_table() -> None:
    printed = command()
    assert "event.video.ready" in printed
    assert "video/<videoId>" in printed
