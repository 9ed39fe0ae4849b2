"""What can be known of a definition that may be wrong in places: enough to check the rest of it all the same."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from .bindings import ParameterDefinition, PipelineOutput
from .definition import MAX_STEPS, PipelineDefinition, StepDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownStep:
    """What is known of a step; `outputs` is None where not even they are known.

    Attributes:
        step: The step, or what is left of it without the parts of a wrong shape; None where nothing is.
        whole: Whether nothing had to be left out. Of a part only what it says is checked, not what it lacks.
    """

    ordinal: int
    name: str | None
    outputs: Collection[str] | None
    step: StepDefinition | None
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What is known of a document that may be wrong elsewhere; `parameters` is None where they are not an object."""

    parameters: Mapping[str, ParameterDefinition | None] | None
    steps: Sequence[KnownStep]
    outputs: Mapping[str, PipelineOutput]


def outline_of(definition: PipelineDefinition) -> Outline:
    """All of a definition that parses."""
    steps = [
        KnownStep(ordinal=ordinal, name=step.name, outputs=step.outputs, step=step)
        for ordinal, step in enumerate(definition.steps)
    ]
    return Outline(parameters=definition.parameters, steps=steps, outputs=definition.outputs)


def outline_of_faulty(document: object) -> Outline:
    """What is left of a document without the parts of a wrong shape."""
    raw: dict[Any, Any] = document if isinstance(document, dict) else {"parameters": None}
    raw_parameters, raw_steps = raw.get("parameters", {}), raw.get("steps")
    parameters = None
    if isinstance(raw_parameters, dict):
        parameters = {str(name): _parsed(ParameterDefinition, value) for name, value in raw_parameters.items()}
    steps = []
    if isinstance(raw_steps, list | tuple) and len(raw_steps) <= MAX_STEPS:
        steps = [_known_step(ordinal, value) for ordinal, value in enumerate(raw_steps)]
    raw_outputs = raw.get("outputs")
    raw_outputs = raw_outputs if isinstance(raw_outputs, dict) else {}
    found = {str(name): _parsed(PipelineOutput, value) for name, value in raw_outputs.items()}
    outputs = {name: output for name, output in found.items() if output is not None}
    return Outline(parameters=parameters, steps=steps, outputs=outputs)


def _known_step(ordinal: int, value: object) -> KnownStep:
    raw: dict[Any, Any] = value if isinstance(value, dict) else {}
    name, outputs = raw.get("name"), raw.get("outputs", {})
    step = _parsed(StepDefinition, value)
    return KnownStep(
        ordinal=ordinal,
        name=name if isinstance(name, str) else None,
        outputs=[str(output) for output in outputs] if isinstance(outputs, dict) else None,
        step=step or _salvaged(raw),
        whole=step is not None,
    )


def _salvaged(raw: dict[Any, Any]) -> StepDefinition | None:
    """A step without those of its parts that have a wrong shape."""
    try:
        return StepDefinition.model_validate(raw)
    except ValidationError as error:
        wrong = [details["loc"] for details in error.errors()]
    rest = {"name": "unnamed", **raw}
    for key, *path in filter(None, wrong):
        part = rest.get(key)
        if path and isinstance(part, dict):
            rest[key] = {name: value for name, value in part.items() if name != path[0]}
        elif key == "name":
            rest["name"] = "unnamed"
        else:
            rest.pop(key, None)
    step: StepDefinition | None = _parsed(StepDefinition, rest)
    return step


def _parsed(model: type[BaseModel], value: object) -> Any:
    try:
        return model.model_validate(value)
    except ValidationError:
        return None
