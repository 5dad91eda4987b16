"""A pipeline is an acyclic graph of steps; each step is one job, made from what came before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeVar

from mvidarr_catalog.brain.state import Known
from mvidarr_common.messages.jobs import AnySpec, Result

T = TypeVar("T", bound=Result)


@dataclass(frozen=True, slots=True)
class Sofar:
    """What a run knows when a step's turn has come: its inputs, and the results by step."""

    inputs: Mapping[str, Any]
    results: Mapping[str, Result]
    known: Known

    def result(self, step: str, kind: type[T]) -> T:
        """The result of a step that has run; its type is the step's own."""
        found = self.results[step]
        assert isinstance(found, kind)
        return found


def always(_: Sofar) -> bool:
    """The condition of a step that nothing makes superfluous."""
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """One job: `spec` says what it does, `when` whether it is needed at all."""

    name: str
    spec: Callable[[Sofar], AnySpec]
    after: tuple[str, ...] = ()
    when: Callable[[Sofar], bool] = always


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A name and its steps; refuses a graph with a cycle or a step after none."""

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = {step.name for step in self.steps}
        for step in self.steps:
            if missing := set(step.after) - names:
                raise ValueError(f"{self.name}: {step.name} comes after unknown {missing}")
        try:
            TopologicalSorter({step.name: step.after for step in self.steps}).prepare()
        except CycleError as error:
            raise ValueError(f"{self.name} runs in a circle: {error.args[1]}") from error


def ready(pipeline: Pipeline, sofar: Sofar, begun: set[str]) -> list[Step]:
    """The steps whose turn it is: everything before them is done or was not needed."""
    settled = _settled(pipeline, sofar)
    return [
        step
        for step in pipeline.steps
        if step.name not in begun | settled and set(step.after) <= settled
    ]


def finished(pipeline: Pipeline, sofar: Sofar) -> bool:
    """Whether every step is done or was not needed."""
    return len(_settled(pipeline, sofar)) == len(pipeline.steps)


def _settled(pipeline: Pipeline, sofar: Sofar) -> set[str]:
    """Steps that are done, and those that turn out not to be needed once their turn has come."""
    settled = set(sofar.results)
    growing = True
    while growing:
        superfluous = {
            step.name
            for step in pipeline.steps
            if step.name not in settled and set(step.after) <= settled and not step.when(sofar)
        }
        growing = bool(superfluous)
        settled |= superfluous
    return settled
