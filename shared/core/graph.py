"""Which step waits for which, by ordinal (a step's position in the definition, from 0)."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from .bindings import PipelineDataInput
from .definition import PipelineDefinition, StepDefinition


@dataclass(frozen=True, slots=True)
class Graph:
    """Dependencies of a pipeline's steps.

    Attributes:
        dependencies: For each step the ordinals of the steps that must end first, sorted: producers of its inputs
            and those in `run_after`.
        order: All ordinals, each after its dependencies; among steps that could be next, the smallest comes first.
    """

    dependencies: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]


def needed_steps(step: StepDefinition) -> set[str]:
    """Names of the steps that must end before this one starts, through data or `run_after`."""
    producers = {source.step for source in step.inputs.values() if isinstance(source, PipelineDataInput)}
    return producers.union(step.run_after)


def build_graph(definition: PipelineDefinition) -> Graph:
    """The graph of a definition whose names have been checked.

    Raises:
        ValueError: Some steps wait for each other in a circle.
    """
    ordinals = {step.name: ordinal for ordinal, step in enumerate(definition.steps)}
    dependencies = tuple(tuple(sorted(ordinals[name] for name in needed_steps(step))) for step in definition.steps)
    sorter = _sorter(dependencies)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError("Some steps wait for each other in a circle.") from error
    return Graph(dependencies, _stable_order(sorter))


def find_cycle(dependencies: Sequence[Sequence[int]]) -> tuple[int, ...] | None:
    """One circle of steps, None if there is none.

    Each step of it is a dependency of the next, and the last one of the first. It starts with its smallest ordinal.
    """
    try:
        _sorter(dependencies).prepare()
    except CycleError as error:
        *cycle, _ = error.args[1]  # graphlib repeats the first step at the end
        start = cycle.index(min(cycle))
        return (*cycle[start:], *cycle[:start])
    return None


def _sorter(dependencies: Sequence[Sequence[int]]) -> TopologicalSorter[int]:
    return TopologicalSorter(dict(enumerate(dependencies)))


def _stable_order(sorter: TopologicalSorter[int]) -> tuple[int, ...]:
    ready = list(sorter.get_ready())
    heapq.heapify(ready)
    order = []
    while ready:
        ordinal = heapq.heappop(ready)
        order.append(ordinal)
        sorter.done(ordinal)
        for freed in sorter.get_ready():
            heapq.heappush(ready, freed)
    return tuple(order)
