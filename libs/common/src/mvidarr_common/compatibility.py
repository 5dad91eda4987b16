"""Finds what a change of a message's JSON schema would break: old records must stay readable.

A change is allowed if everything that the old schema accepts, the new one accepts too and
understands in the same way: a new optional field with a default, a new alternative, a wider limit.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
_LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum")


def breaks(old: Schema, new: Schema) -> list[str]:
    """A sentence for each way in which data of the old schema would be refused or misread."""
    return list(_Comparison(old.get("$defs", {}), new.get("$defs", {})).compare("", old, new))


class _Comparison:
    """Two schemas side by side; remembers the pairs it is in, since schemas may be recursive."""

    def __init__(self, old_parts: Schema, new_parts: Schema) -> None:
        self._old_parts = old_parts
        self._new_parts = new_parts
        self._inside: set[tuple[str, str]] = set()

    def compare(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._inside:
                return
            self._inside.add(pair)
        yield from self._resolved(at, _part(old, self._old_parts), _part(new, self._new_parts))
        self._inside.discard(pair)

    def _resolved(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        if _alternatives(old) or _alternatives(new):
            yield from self._unions(at, old, new)
            return
        yield from _values(at, old, new)
        yield from _limits(at, old, new)
        yield from self._fields(at, old, new)
        yield from self._elements(at, old, new)

    def _unions(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        choices = _alternatives(new) or [new]
        for number, was in enumerate(_alternatives(old) or [old]):
            if not any(not list(self.compare(at, was, now)) for now in choices):
                name = was.get("$ref", was.get("type", number))
                yield f"{at or 'it'} no longer takes {str(name).removeprefix('#/$defs/')}"

    def _fields(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{_join(at, name)} is required now"
        for name, field in before.items():
            if name not in now:
                yield f"{_join(at, name)} is gone"
            else:
                yield from self.compare(_join(at, name), field, now[name])
                yield from _default(_join(at, name), field, now[name])

    def _elements(self, at: str, old: Schema, new: Schema) -> Iterator[str]:
        for keyword in ("items", "additionalProperties"):
            was, now = old.get(keyword), new.get(keyword)
            if isinstance(was, dict) and isinstance(now, dict):
                yield from self.compare(f"{at}[]", was, now)


def _part(schema: Schema, parts: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    found: Schema = parts[schema["$ref"].removeprefix("#/$defs/")]
    return found


def _alternatives(schema: Schema) -> list[Schema]:
    found: list[Schema] = schema.get("anyOf") or schema.get("oneOf") or []
    return found


def _values(at: str, old: Schema, new: Schema) -> Iterator[str]:
    """Types, and closed lists of values."""
    was, now = old.get("type"), new.get("type")
    if now is not None and was != now and (was, now) != ("integer", "number"):
        yield f"{at} was {was or 'anything'} and is {now}"
    if new.get("format") != old.get("format"):
        yield f"{at} had the format {old.get('format')} and has {new.get('format')}"
    yield from _choices(at, _closed(old), _closed(new))


def _choices(at: str, old: list[Any] | None, new: list[Any] | None) -> Iterator[str]:
    if new is None:
        return
    if old is None:
        yield f"{at} takes only certain values now"
    for value in old or []:
        if value not in new:
            yield f"{at} may no longer be {value!r}"


def _closed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _limits(at: str, old: Schema, new: Schema) -> Iterator[str]:
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{at} must match another pattern now"
    for keyword in _UPPER:
        if keyword in new and new[keyword] < old.get(keyword, float("inf")):
            yield f"{at} has a tighter {keyword}"
    for keyword in _LOWER:
        if keyword in new and new[keyword] > old.get(keyword, float("-inf")):
            yield f"{at} has a tighter {keyword}"


def _default(at: str, old: Schema, new: Schema) -> Iterator[str]:
    if "default" in old and not _contains(new.get("default", ...), old["default"]):
        yield f"{at} has another default, so records without it would change their meaning"


def _contains(new: Any, old: Any) -> bool:
    """Whether a default says what the old one said, and perhaps more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(name in new and _contains(new[name], value) for name, value in old.items())
    return bool(new == old)


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
