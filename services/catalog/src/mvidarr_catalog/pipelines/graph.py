"""How far a run of a plan is: an acyclic graph of steps, each with what came of it. Pure.

A step that was left out because its condition does not hold counts as passed; one that nothing
leads to any more is cut off, and so is what only it leads to.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Literal

from mvidarr_common.messages.work.plans import AnyStep, PipelinePlan

Fate = Literal["done", "failed", "unneeded", "cut_off", "open"]
PASSED: frozenset[Fate] = frozenset({"done", "unneeded"})


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a run's steps, by name."""

    done: Set[str]
    failed: Set[str]
    begun: Set[str]


Wanted = Callable[[AnyStep], bool]
"""Whether a step whose turn has come is needed: its condition holds."""


def in_order(plan: PipelinePlan) -> tuple[AnyStep, ...]:
    """The steps, each after those that it follows."""
    by_name = {step.name: step for step in plan.steps}
    graph = {step.name: step.after for step in plan.steps}
    return tuple(by_name[name] for name in TopologicalSorter(graph).static_order())


def fates(plan: PipelinePlan, progress: Progress, wanted: Wanted) -> dict[str, Fate]:
    """What has become of every step."""
    found: dict[str, Fate] = {}
    for step in in_order(plan):
        found[step.name] = _fate(step, found, progress, wanted)
    return found


def ready(plan: PipelinePlan, progress: Progress, wanted: Wanted) -> list[AnyStep]:
    """The steps whose turn it is."""
    found = fates(plan, progress, wanted)
    return [
        step
        for step in plan.steps
        if found[step.name] == "open"
        and step.name not in progress.begun
        and all(found[name] != "open" for name in step.after)
    ]


def finished(plan: PipelinePlan, progress: Progress, wanted: Wanted) -> bool:
    """Whether nothing is left to be done."""
    return "open" not in fates(plan, progress, wanted).values()


def is_caught(plan: PipelinePlan, step: str) -> bool:
    """Whether another step is there for the failure of this one."""
    return any(each.on == "failure" and step in each.after for each in plan.steps)


def before(plan: PipelinePlan, name: str) -> list[str]:
    """All steps that lead to this one, the nearest first."""
    follows: Mapping[str, Iterable[str]] = {step.name: step.after for step in plan.steps}
    leading, found = list(follows[name]), set[str]()
    while leading:
        each = leading.pop()
        if each not in found:
            found.add(each)
            leading += follows[each]
    order = [step.name for step in in_order(plan)]
    return sorted(found, key=order.index, reverse=True)


def _fate(step: AnyStep, found: Mapping[str, Fate], progress: Progress, wanted: Wanted) -> Fate:
    if step.name in progress.done:
        return "done"
    if step.name in progress.failed:
        return "failed"
    fates_before = [found[name] for name in step.after]
    if step.name in progress.begun or "open" in fates_before:
        return "open"
    if not _is_reached(step, fates_before):
        return "cut_off"
    return "open" if wanted(step) else "unneeded"


def _is_reached(step: AnyStep, fates_before: list[Fate]) -> bool:
    if step.on == "failure":
        return "failed" in fates_before
    return not fates_before or any(fate in PASSED for fate in fates_before)
