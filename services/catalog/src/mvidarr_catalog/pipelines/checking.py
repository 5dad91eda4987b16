"""Whether a plan makes sense: refused with a sentence before anything runs. Pure."""

from collections import Counter
from graphlib import CycleError

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.work.plans import AnyStep, PipelinePlan

from .conditions import condition
from .graph import before, in_order
from .sorts import GIVEN, SENTENCES, TRADES, Sort, needs_of

LIBRARY = ""
"""In place of the name of a step: the film lies in the library."""


def check(plan: PipelinePlan) -> None:
    """Raises Invalid("bad_pipeline") unless it is acyclic and every step's needs are met."""
    names = Counter(step.name for step in plan.steps)
    if double := next((name for name, count in names.items() if count > 1), None):
        raise bad(f"two steps are called {double}.")
    _check_names(plan, set(names))
    try:
        in_order(plan)
    except CycleError as error:
        raise bad(f"it runs in a circle: {' → '.join(error.args[1])}.") from error
    _check_extras(plan)
    _check_moves(plan)
    for step in plan.steps:
        _check_needs(plan, step)
        if step.on == "failure" and not step.after:
            raise bad(f"{step.name} waits for the failure of no step.")
        if step.when is not None:
            condition(step.when)


def begins_with(plan: PipelinePlan) -> frozenset[Sort]:
    """What a run of it must be given: the page of a video, a video in the library."""
    missing = {sort for step in plan.steps for sort in needs_of(step)}
    from_library = any(_film_of_library(plan, step) for step in plan.steps)
    return frozenset(missing & GIVEN | ({"library"} if from_library else set()))


def gives(plan: PipelinePlan, sort: Sort) -> frozenset[str]:
    """The steps that give this sort of thing."""
    return frozenset(step.name for step in plan.steps if TRADES[step.does].gives == sort)


def bad(sentence: str) -> Invalid:
    """The one way in which a plan is refused."""
    return Invalid("bad_pipeline", f"This pipeline cannot run: {sentence}")


def _check_names(plan: PipelinePlan, names: set[str]) -> None:
    for step in plan.steps:
        for name in (*step.after, *step.of):
            if name not in names:
                raise bad(f"{step.name} speaks of {name}, which is no step.")


def _check_needs(plan: PipelinePlan, step: AnyStep) -> None:
    earlier = set(before(plan, step.name))
    for need in needs_of(step):
        found = gives(plan, need)
        if need not in GIVEN and need != "film" and not found & earlier:
            raise bad(f"{step.name} needs {SENTENCES[need]}, and no step before it gives that.")
    if step.does == "match" and len(gives(plan, "print") & earlier) < 2:
        raise bad(f"{step.name} compares two fingerprints, and only one is taken before it.")
    films = gives(plan, "film") | gives(plan, "fetched")
    for name in step.of:
        if name not in earlier or name not in films:
            raise bad(f"{step.name} takes the film of {name}, which gives none before it.")


def _check_extras(plan: PipelinePlan) -> None:
    writers = [step.name for step in plan.steps if step.does == "sidecars"]
    used = {name for writer in writers for name in before(plan, writer)}
    for name in gives(plan, "extras") - used:
        raise bad(f"{name} makes what a sidecars step puts beside the film, and none follows it.")


def _check_moves(plan: PipelinePlan) -> None:
    """What one step moves another must not read meanwhile; which of two happens that have
    conditions nobody knows before."""
    for mover in (step for step in plan.steps if step.does in ("place", "rename", "retire")):
        moved, earlier = _moves(plan, mover), before(plan, mover.name)
        for step in plan.steps:
            free = step is not mover and step.when is None and step.on == "success"
            apart = step.name not in earlier and mover.name not in before(plan, step.name)
            if free and apart and moved & _reads(plan, step):
                raise bad(f"{step.name} reads a film while {mover.name} moves it; one comes first.")


def _moves(plan: PipelinePlan, step: AnyStep) -> set[str]:
    """The steps whose films it moves; place leaves alone what lies in the library."""
    return _films(plan, step) - {LIBRARY} if step.does == "place" else {LIBRARY}


def _reads(plan: PipelinePlan, step: AnyStep) -> set[str]:
    """The steps whose films it takes, and the library where it takes or looks at one there."""
    if step.does == "place":
        return {LIBRARY}  # what it puts there goes beside the film; of two the conditions say which
    read = _films(plan, step) if "film" in needs_of(step) else set[str]()
    return read | ({LIBRARY} if "library" in needs_of(step) else set())


def _films(plan: PipelinePlan, step: AnyStep) -> set[str]:
    """The steps whose films it takes; what has been placed lies in the library."""
    if step.of:
        return set(step.of)
    givers = gives(plan, "film")
    placed = frozenset[str]() if step.does == "place" else gives(plan, "placed")
    nearest = next((name for name in before(plan, step.name) if name in givers | placed), None)
    return {LIBRARY if nearest is None or nearest in placed else nearest}


def _film_of_library(plan: PipelinePlan, step: AnyStep) -> bool:
    """Whether its film can only be the one that lies in the library."""
    return "film" in needs_of(step) and not gives(plan, "film") & set(before(plan, step.name))
