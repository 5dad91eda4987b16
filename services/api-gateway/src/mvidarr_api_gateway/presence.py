"""Files that are there to be sent."""

from mvidarr_common.errors import NotFound
from mvidarr_common.messages.ids import FileId
from mvidarr_common.messages.queries import FileView, GetFile

from .deps import Deps


async def present(id: FileId, deps: Deps) -> FileView:
    """The file; raises NotFound for one in the trash, too. Players ask for a film many times, and
    what is known of it changes rarely: the catalog is not asked each time."""
    found = await deps.films.read(GetFile(id=id))
    if found.state != "present":
        raise NotFound("file_not_found", f"The file is {found.state}.")
    return found
