"""Lists in any order, page by page, on a real database."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mvidarr_catalog.brain.dialects import open_engine
from mvidarr_catalog.brain.filters import inside
from mvidarr_catalog.brain.reading import Read
from mvidarr_catalog.brain.rows import table_of
from mvidarr_catalog.brain.store import Checkpoint
from mvidarr_common.errors import Invalid
from mvidarr_common.messages.queries import Filtered
from mvidarr_common.testing.servers import DatabaseServer

from .things import FIELDS, SEEN, THINGS, Thing, filled

LAST = max(thing.place for thing in THINGS)
SORTABLE = FIELDS | {
    "added": FIELDS["when"], "placed": inside("text", "about.title", key="place"),
    "apart": inside("text", "about.title", key="place", last=LAST),
}  # fmt: skip


@pytest.fixture(scope="module", params=["postgres", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    """A database of each kind that holds all things."""
    server: DatabaseServer = request.getfixturevalue(request.param)
    url = server.new_database()
    asyncio.run(_fill(url))
    return url


async def _fill(url: str) -> None:
    engine = open_engine(url)
    await filled(engine, table_of(Thing, 1))
    await engine.dispose()


@pytest.fixture
async def read(url: str) -> AsyncIterator[Read]:
    """What a query sees of all things."""
    engine = open_engine(url)
    async with engine.connect() as connection:
        yield Read(connection, Checkpoint(None, -1, None, 0, 1, "", 0))
    await engine.dispose()


async def walked(read: Read, sort: str, limit: int) -> list[str]:
    """The ids of all pages, one after the other."""
    cursor, ids = None, list[str]()
    while cursor or not ids:
        asked = Filtered(sort=sort, limit=limit, cursor=cursor)
        page = await read.page(Thing, asked, SORTABLE)
        ids += [row.id for row in page.rows]
        cursor = page.next
    return ids


def sorted_ids(field: str, *, down: bool) -> list[str]:
    """In this order, those without a value last."""
    seen = SEEN[field]
    valued = [each for each in THINGS if seen(each) is not None]
    rest = [each for each in THINGS if seen(each) is None]

    def key(each: Thing) -> tuple[object, str]:
        value = seen(each)
        return (value.lower() if isinstance(value, str) else value, each.id)

    valued.sort(key=key, reverse=down)
    rest.sort(key=lambda each: each.id, reverse=down)
    return [each.id for each in (*valued, *rest)]


@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("field", sorted(FIELDS))
async def test_pages_go_through_a_list_in_its_order(read: Read, field: str, down: bool) -> None:
    sort = f"-{field}" if down else field
    assert await walked(read, sort, 97) == sorted_ids(field, down=down)


@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
async def test_a_field_may_have_its_place_by_another_column(read: Read, down: bool) -> None:
    placed = sorted(THINGS, key=lambda each: (each.place, each.id), reverse=down)
    assert await walked(read, "-placed" if down else "placed", 97) == [each.id for each in placed]


@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
async def test_a_place_may_stand_for_no_value(read: Read, down: bool) -> None:
    placed = sorted(THINGS, key=lambda each: (each.place, each.id), reverse=down)
    placed.sort(key=lambda each: each.place == LAST)
    assert await walked(read, "-apart" if down else "apart", 7) == [each.id for each in placed]


async def test_a_page_may_leave_out_the_beginning_and_count_all(read: Read) -> None:
    asked = Filtered(sort="count", filter="count = 7", skip=10, limit=5, total=True)
    page = await read.page(Thing, asked, SORTABLE)
    sevens = [id for id in sorted_ids("count", down=False) if THINGS[int(id)].count == 7]
    assert [row.id for row in page.rows] == sevens[10:15]
    assert page.total == len(sevens)


async def test_a_field_that_is_not_there_is_no_order(read: Read) -> None:
    with pytest.raises(Invalid) as refused:
        await read.page(Thing, Filtered(sort="-nothing"), SORTABLE)
    assert refused.value.code == "bad_sort"


async def test_a_cursor_belongs_to_its_order(read: Read) -> None:
    page = await read.page(Thing, Filtered(sort="name", limit=3), SORTABLE)
    with pytest.raises(Invalid) as refused:
        await read.page(Thing, Filtered(sort="-name", cursor=page.next), SORTABLE)
    assert refused.value.code == "invalid_cursor"
