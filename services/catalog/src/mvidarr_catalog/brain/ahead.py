"""Guess the rows that a batch of messages will ask for, so that they are loaded in one go."""

from collections.abc import Iterable
from functools import cache

from mvidarr_common.messages import Message

from .rows import Row
from .state import Key


def keys_ahead(messages: Iterable[Message], rows: dict[str, type[Row]]) -> set[Key]:
    """Rows about the subjects that the messages name. A wrong guess costs one load more."""
    named = {subject for message in messages for subject in subjects_named(message)}
    keys = set()
    for subject in named:
        kind, _, id = subject.partition("/")
        if kind in rows and id:
            keys.add((rows[kind], id))
    return keys


def subjects_named(message: Message) -> set[str]:
    """The message's subject, and what its `…_id` fields and `for_subject` point at."""
    found = {message.subject}
    for field, kind in _id_fields(type(message)):
        if value := getattr(message, field):
            found.add(value if kind is None else f"{kind}/{value}")
    return found


@cache
def _id_fields(cls: type[Message]) -> tuple[tuple[str, str | None], ...]:
    ids = [(name, name[:-3]) for name in cls.model_fields if name.endswith("_id")]
    whole = [("for_subject", None)] if "for_subject" in cls.model_fields else []
    return (*ids, *whole)
