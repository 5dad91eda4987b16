"""The routes, a file for each resource. A new one: a file here, and a line in `ROUTERS`."""

from . import (
    api_keys,
    artists,
    auth,
    commands,
    docs,
    events,
    files,
    health,
    history,
    jobs,
    parked,
    profiles,
    subscriptions,
    system,
    users,
    videos,
)

ROUTERS = (
    health.router,
    docs.router,
    auth.router,
    artists.router,
    videos.router,
    files.router,
    jobs.router,
    profiles.router,
    subscriptions.router,
    users.router,
    api_keys.router,
    commands.router,
    history.router,
    parked.router,
    system.router,
    events.router,
)
