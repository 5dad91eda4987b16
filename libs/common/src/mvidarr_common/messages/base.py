"""The four kinds of message, and the registry that finds a class by its wire name.

A wire name and a version are written by hand as class keywords and never derived from a class
name: a class may be renamed, history may not. JSON is camelCase everywhere, Python snake_case.
"""

from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

Kind = Literal["command", "event", "signal", "query"]
Json = dict[str, Any]


class Value(BaseModel):
    """A frozen piece of data; readers ignore fields they do not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Message(Value):
    """Base of everything that is said.

    Class keywords: `wire` (the name in history), `version`, `about` ("video:video_id" makes the
    subject "video/<video_id>"; a plain word is the subject itself).
    """

    kind: ClassVar[Kind]
    wire: ClassVar[str]
    version: ClassVar[int]
    about: ClassVar[str]

    def __init_subclass__(
        cls, *, wire: str | None = None, version: int = 1, about: str = "system", **rest: Any
    ) -> None:
        super().__init_subclass__(**rest)
        if wire is None:
            return
        cls.wire, cls.version, cls.about = wire, version, about
        _require_upcasters(cls)
        _register(cls)

    @property
    def subject(self) -> str:
        """What this is about, such as "video/0f3c…": the unit of order and of history."""
        what, _, field = self.about.partition(":")
        return f"{what}/{getattr(self, field)}" if field else what

    @classmethod
    def routing_key(cls, message: "Message") -> str:
        """`<kind>.<wire>`; messages that carry their queue append it."""
        return f"{message.kind}.{message.wire}"

    @classmethod
    def read(cls, data: Json, version: int) -> Self:
        """Read data of any version ever published, oldest upcaster first.

        A version newer than ours is read as ours: additive fields are ignored.
        """
        for step in range(version, cls.version):
            data = getattr(cls, f"upcast_v{step}")(data)
        return cls.model_validate(data)


class Command(Message):
    """Imperative: somebody asks. In the log."""

    kind = "command"


class Event(Message):
    """Past tense: it happened. In the log, for ever."""

    kind = "event"


class Signal(Message):
    """True for a moment. Never in the log; may be lost."""

    kind = "signal"


Answer = TypeVar("Answer", bound=Value)


class Query(Message, Generic[Answer]):
    """A question that the catalog answers over a reply queue. Never in the log."""

    kind = "query"
    answer: ClassVar[type[Value]]

    def __init_subclass__(cls, *, answer: type[Value] | None = None, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        if answer is not None:
            cls.answer = answer


_registry: dict[tuple[Kind, str], type[Message]] = {}


class UnknownMessage(ValueError):
    """No class speaks this wire name."""


def find(kind: str, wire: str) -> type[Message]:
    """The class of a wire name; raises UnknownMessage."""
    try:
        return _registry[kind, wire]  # type: ignore[index]  # a wrong kind is a KeyError too
    except KeyError:
        raise UnknownMessage(f"nobody here knows the {kind} {wire!r}") from None


def registered(kind: Kind | None = None) -> list[type[Message]]:
    """Every message class, by kind and wire name."""
    return [cls for key, cls in sorted(_registry.items()) if kind is None or key[0] == kind]


def _register(cls: type[Message]) -> None:
    key = (cls.kind, cls.wire)
    if key in _registry:
        raise TypeError(f"{cls.__name__} and {_registry[key].__name__} share the name {cls.wire!r}")
    _registry[key] = cls


def _require_upcasters(cls: type[Message]) -> None:
    for step in range(1, cls.version):
        if not callable(getattr(cls, f"upcast_v{step}", None)):
            raise TypeError(f"{cls.__name__} version {cls.version} lacks upcast_v{step}")
