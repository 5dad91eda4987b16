"""Everything that is sealed with the instance key, in one place, so that it can be sealed anew."""

from collections.abc import Iterator

from mvidarr_common.envelope import Envelope
from mvidarr_common.messages.sealing import (
    ListSealed,
    Resealed,
    ResealSecrets,
    Sealed,
    SealedTexts,
    SecretsResealed,
)

from .brain.model import Decision, ReadModel
from .brain.reading import Read
from .brain.rows import Row
from .brain.state import Known, State
from .identity.passes import Contact
from .identity.second_factor import SecondFactor
from .jobs.site_profiles import Manners
from .subscriptions import Subscription

PLACES: dict[str, tuple[type[Row], tuple[str, ...]]] = {
    "subscription": (Subscription, ("address", "secret")),
    "contact": (Contact, ("address",)),
    "second_factor": (SecondFactor, ("secret",)),
    "site": (Manners, ("secret",)),
}
"""The rows that hold sealed texts, by what they are called, and their fields."""

model = ReadModel()


@model.fold
def resealed(event: SecretsResealed, _: Envelope, state: State) -> None:
    """What somebody has set anew in between stays as they have set it."""
    for item in event.items:
        what, _slash, id = item.of.partition("/")
        row = state.get(PLACES[what][0], id)
        if row is not None and _text(row, item.field) == item.secret:
            state.put(_with(row, item))


@model.decide
def reseal(command: ResealSecrets, _: Envelope, __: Known) -> Iterator[Decision]:
    if command.items:
        yield SecretsResealed(items=command.items)


@model.query
async def list_sealed(_: ListSealed, read: Read) -> SealedTexts:
    found = [
        Sealed(of=f"{what}/{row.id}", field=field, secret=text)
        for what, (kind, fields) in PLACES.items()
        for row in await read.rows(kind)
        for field in fields
        if (text := _text(row, field)) is not None
    ]
    return SealedTexts(items=tuple(found))


def _text(row: Row, field: str) -> str | None:
    holder = row.profile if isinstance(row, Manners) else row
    text: str | None = getattr(holder, field)
    return text


def _with(row: Row, item: Resealed) -> Row:
    update = {item.field: item.sealed}
    if isinstance(row, Manners):
        return row.changed(profile=row.profile.model_copy(update=update))
    return row.changed(**update)
