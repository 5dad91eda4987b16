"""The catalogue as a page for people: docs/messages.md."""

import re
from collections.abc import Iterable, Iterator

from mvidarr_common.messages import Kind

from .entries import Entry, Field, entries, parts

HEAD = """\
# Messages

Everything that MVidarr's services say to one another. This page is made from the classes in
`libs/common/src/mvidarr_common/messages/` by `make docs`; the same for tools is `asyncapi.json`
(AsyncAPI 3.0).

Each message travels in a CloudEvents 1.0 envelope as JSON, with its fields in `data`. The attribute
`type` is the name given here, `dataversion` its version, `subject` what it is about. Readers ignore
fields that they do not know.
"""

KINDS: dict[Kind, tuple[str, str]] = {
    "command": ("Commands", "Somebody asks. In the log; answered by an event."),
    "event": ("Events", "It happened. In the log, for ever."),
    "signal": ("Signals", "True for a moment. Never in the log, and may be lost."),
    "query": ("Queries", "A question that the catalog answers. Never in the log."),
}
SHORT = 80


def markdown() -> str:
    """The whole page."""
    lines = [HEAD, *_contents()]
    for kind, (title, says) in KINDS.items():
        lines += [f"## {title}\n", f"{says}\n"]
        lines += [_message(entry) for entry in entries(kind)]
    lines += ["## Values\n", "What messages are made of.\n"]
    for name, (says, fields) in parts().items():
        lines.append(_section(name, [says] if says else [], fields))
    return "\n".join(lines)


def _contents() -> Iterator[str]:
    for kind, (title, _) in KINDS.items():
        links = [f"[{entry.wire}](#{_anchor(entry.type)})" for entry in entries(kind)]
        yield f"**{title}:** {' · '.join(links)}\n"


def _message(entry: Entry) -> str:
    facts = f"Version {entry.version}, about `{entry.subject}`"
    if entry.answer:
        facts += f", answered by [{entry.answer}](#{_anchor(entry.answer)})"
    return _section(entry.type, [*([entry.says] if entry.says else []), f"{facts}."], entry.fields)


def _section(title: str, says: Iterable[str], fields: tuple[Field, ...]) -> str:
    table = ["| field | type | default |", "|---|---|---|", *map(_row, fields)] if fields else []
    paragraphs = [f"### {title}", *says, "\n".join(table)]
    return "\n\n".join(part for part in paragraphs if part) + "\n"


def _row(field: Field) -> str:
    default = "required" if field.default is None else f"`{_shortened(field.default)}`"
    return f"| {field.name} | {_linked(field.type)} | {default} |"


def _linked(type_name: str) -> str:
    """Names of classes become links to where they are described; no other word has a capital."""
    return re.sub(r"\b[A-Z]\w+", lambda name: f"[{name[0]}](#{_anchor(name[0])})", type_name)


def _shortened(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def _anchor(title: str) -> str:
    """The way in which code forges make anchors of headings."""
    return "".join(c for c in title.lower() if c.isalnum() or c in "-_")
