"""Which steps a pipeline has, from what v1 accepted as its `steps`."""

from graphlib import CycleError, TopologicalSorter
from typing import Any

from pipeyard.pipeline.core._translation import Wiring, wire
from pipeyard.pipeline.core.builder import PipelineStep, StepSequence, producer_of
from pipeyard.pipeline.core.pipeline_data import PipelineData, data_behind


def steps_of(given: Any, *, resolve_closure: bool) -> list[PipelineStep]:
    """Every step, what it needs before it; steps that do not need each other in the order in which they were given.

    Steps of a StepSequence get its order as predecessors.

    Raises:
        NotImplementedError: Something is no step.
        ValueError: A step that another one needs is missing, and the closure may not be resolved.
    """
    steps: list[PipelineStep] = []
    wanted: list[PipelineData] = []
    _collect(given, steps, wanted)
    for data in wanted:
        maker = producer_of(data)
        if maker is None:
            raise ValueError(f"{data!r} stands for the step that writes it, but no step does. Put the step itself in.")
        _collect(maker, steps, [])
    for step in steps:  # grows while it is walked
        for before in step.predecessors:
            _admit(before, f"runs after step {before.name!r}", step, steps, resolve_closure=resolve_closure)
        for port in step.ports.inputs:
            maker = producer_of(port.value)
            if maker is not None:
                _admit(
                    maker, f"reads {port.name!r} of step {maker.name!r}", step, steps, resolve_closure=resolve_closure
                )
    return _needed_first(steps)


def _needed_first(steps: list[PipelineStep]) -> list[PipelineStep]:
    """The steps in an order in which they could run; as they are where they wait for each other in a circle."""
    positions = {id(step): position for position, step in enumerate(steps)}
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for position, step in enumerate(steps):
        makers = [producer_of(port.value) for port in step.ports.inputs]
        needed = [*step.predecessors, *(maker for maker in makers if maker is not None)]
        sorter.add(position, *(positions[id(before)] for before in needed if id(before) in positions))
    try:
        sorter.prepare()
    except CycleError:
        return steps  # `validate` names the circle
    ordered: list[PipelineStep] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        sorter.done(*ready)
        ordered += [steps[position] for position in ready]
    return ordered


def checked_wiring(steps: list[PipelineStep]) -> Wiring:
    """Who makes what, once it is sure that everything that is read is made.

    Raises:
        ValueError: Two steps make one thing, or nobody makes it.
    """
    wiring = wire(steps)
    for step in steps:
        for port in step.ports.inputs:
            if _is_made(port.value) and wiring.maker_of(port.value) is None:
                raise ValueError(
                    f"Step {step.name!r} reads {port.name!r}, which no step of the pipeline writes. "
                    "Add the step that has it among its outputs."
                )
    return wiring


def _is_made(value: Any) -> bool:
    return data_behind(value) is not None or getattr(getattr(value, "dataset", value), "origin", None) is not None


def _admit(
    before: PipelineStep, need: str, after: PipelineStep, steps: list[PipelineStep], *, resolve_closure: bool
) -> None:
    if before in steps:
        return
    if not resolve_closure:
        raise ValueError(
            f"Step {after.name!r} {need}, which is not in the pipeline. Add it, or leave resolve_closure on."
        )
    steps.append(before)


def _collect(given: Any, steps: list[PipelineStep], wanted: list[PipelineData]) -> list[PipelineStep]:
    """Add the steps of an item; returns them."""
    if isinstance(given, PipelineStep):
        if given not in steps:
            steps.append(given)
        return [given]
    if isinstance(given, PipelineData):
        wanted.append(given)
        return []
    if isinstance(given, StepSequence):
        return _in_a_row(given, steps, wanted)
    if isinstance(given, list | tuple):
        return [step for item in given for step in _collect(item, steps, wanted)]
    raise NotImplementedError(
        f"A pipeline is made of steps, lists of steps and StepSequences, not of {type(given).__name__}: {given!r}."
    )


def _in_a_row(sequence: StepSequence, steps: list[PipelineStep], wanted: list[PipelineData]) -> list[PipelineStep]:
    everything: list[PipelineStep] = []
    before: list[PipelineStep] = []
    for group in sequence.steps:
        members = _collect(group, steps, wanted)
        for step in members:
            for earlier in before:
                step.run_after(earlier)
        everything += members
        before = members or before
    return everything
