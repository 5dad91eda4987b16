"""What is sealed with the instance key, sealed anew when the key is another."""

from .base import Command, Event, Query, Value
from .queries import View


class Sealed(Value):
    """One sealed text: what it belongs to, such as "subscription/…", and in which field."""

    of: str
    field: str
    secret: str


class Resealed(Sealed):
    """The same text, sealed with the key that is in use now."""

    sealed: str


class SealedTexts(View):
    items: tuple[Sealed, ...]


class ResealSecrets(Command, wire="secrets.reseal"):
    items: tuple[Resealed, ...]


class SecretsResealed(Event, wire="secrets.resealed"):
    items: tuple[Resealed, ...]


class ListSealed(Query[SealedTexts], wire="secrets.list", answer=SealedTexts):
    """For the gateway alone: everything that is sealed."""
