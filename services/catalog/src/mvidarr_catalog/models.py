"""All read models, in the order in which they fold and decide: foundations first."""

from . import history, imports, log_queries, profiles, rebuilds, subscriptions, undo, what_if
from .brain.model import Brain, ReadModel, brain_of
from .identity import api_keys, credentials, sessions, users
from .jobs import (
    adding,
    batches,
    job_queries,
    jobs,
    pausing,
    queues,
    quotas,
    retries,
    site_profiles,
    sites,
)
from .library import (
    artists,
    bulk_edits,
    file_at,
    files,
    importing,
    retiring,
    shelved,
    video_queries,
    videos,
)
from .pipelines import (
    acquiring,
    advancing,
    asking,
    bulk,
    going,
    own,
    renaming,
    results,
    run_queries,
    runs,
    split_pausing,
    splitting,
    upgrading,
)

MODELS: tuple[ReadModel, ...] = (
    undo.model,
    profiles.model,
    users.model,
    api_keys.model,
    sessions.model,
    credentials.model,
    subscriptions.model,
    queues.model,
    quotas.model,
    retries.model,
    jobs.model,
    job_queries.model,
    adding.model,
    batches.model,
    pausing.model,
    sites.model,
    site_profiles.model,
    videos.model,
    files.model,
    importing.model,
    retiring.model,
    shelved.model,
    artists.model,
    bulk_edits.model,
    runs.model,
    going.model,
    acquiring.model,
    advancing.model,
    splitting.model,
    split_pausing.model,
    results.model,
    upgrading.model,
    renaming.model,
    own.model,
    asking.model,
    bulk.model,
    run_queries.model,
    video_queries.model,
    file_at.model,
    history.model,
    rebuilds.model,
    log_queries.model,
    what_if.model,
    imports.model,
)


def whole_brain() -> Brain:
    """Everything that the catalog folds, decides and answers."""
    return brain_of(MODELS)
