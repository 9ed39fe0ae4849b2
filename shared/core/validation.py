"""Checks of a whole definition and of a run's parameters. Both report every fault at once, never only the first."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from .bindings import (
    Argument,
    DataPathInput,
    DataReferenceInput,
    DatasetInput,
    InputArgument,
    OutputArgument,
    ParameterArgument,
    ParameterInput,
    ParameterValue,
    PipelineDataInput,
    PipelineOutput,
    StepInput,
)
from .definition import PipelineDefinition, StepDefinition
from .errors import Fault, InvalidDocument
from .graph import find_cycle, needed_steps
from .outline import KnownStep, Outline, outline_of, outline_of_faulty
from .output_places import place_faults
from .parameters import fit_parameter
from .paths import relative_path_fault
from .pointers import below, json_pointer
from .settings_binding import parameter_references
from .shapes import definition_place, shape_faults
from .wording import Suggester, quoted

_DATA_TYPES = frozenset({"data_path", "dataset"})
_MAX_CYCLES = 10
_MAX_CYCLE_SHOWN = 20


class StepRules(Protocol):
    """What validation needs to know of a step type. The types themselves are in `shared.steps`."""

    @property
    def name(self) -> str:
        """Value of `type` in a step."""
        ...

    @property
    def version(self) -> int:
        """Enters the reuse key; grows when the type changes what it does with the same settings."""
        ...

    def check(self, step: StepDefinition) -> list[Fault]:
        """Faults of a step of this type, with pointers relative to the step."""
        ...


def parse_definition(document: object, step_types: Mapping[str, StepRules]) -> PipelineDefinition:
    """The definition in a document, once nothing is wrong with it.

    Names of compute targets and datastores are not checked here: what exists is the deployment's business.

    Raises:
        InvalidDocument: With every fault, also those of meaning, in every part whose shape is right.
    """
    suggester = Suggester()
    definition, faults = None, []
    try:
        definition = PipelineDefinition.model_validate(document)
    except ValidationError as error:
        faults = shape_faults(error, definition_place, suggester)
        outline = outline_of_faulty(document)
    else:
        outline = outline_of(definition)
    producers: dict[str, KnownStep] = {}
    for known in outline.steps:
        if known.name is not None:
            producers.setdefault(known.name, known)
    checker = _Checker(outline=outline, producers=producers, step_types=step_types, suggester=suggester)
    faults.extend(checker.faults())
    if definition is None or faults:
        raise InvalidDocument(faults)
    return definition


def bind_parameters(
    definition: PipelineDefinition, values: Mapping[str, object], pointer: str = "/parameters"
) -> dict[str, ParameterValue]:
    """All parameters of a run: the given values, and the defaults of the others, in the definition's order.

    A whole number given for a float becomes a float. Nothing else is converted.

    Raises:
        InvalidDocument: With every unknown name, missing value and value of a wrong type.
    """
    suggester = Suggester()
    faults = [
        Fault(
            pointer=pointer + json_pointer(name),
            message=f"The pipeline has no parameter {quoted(name)}.",
            suggestion=suggester.suggest(name, definition.parameters),
        )
        for name in values
        if name not in definition.parameters
    ]
    bound = {}
    for name, parameter in definition.parameters.items():
        place = pointer + json_pointer(name)
        if name not in values and parameter.default is None:
            faults.append(Fault(pointer=place, message=f"Parameter {quoted(name)} has no default: it needs a value."))
            continue
        value, wrong = fit_parameter(parameter, values.get(name, parameter.default))
        faults.extend(below(place, wrong))
        if value is not None:
            bound[name] = value
    if faults:
        raise InvalidDocument(faults)
    return bound


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checker:
    """Finds what shapes cannot show: names that do not exist, types that do not fit, circles.

    Attributes:
        producers: Steps by name; the first one of a name counts.
    """

    outline: Outline
    producers: Mapping[str, KnownStep]
    step_types: Mapping[str, StepRules]
    suggester: Suggester

    def faults(self) -> Iterator[Fault]:
        """Everything wrong, in the order of the document; circles last."""
        for name, parameter in (self.outline.parameters or {}).items():
            if parameter is not None and parameter.default is not None:
                _, wrong = fit_parameter(parameter, parameter.default)
                yield from below(json_pointer("parameters", name, "default"), wrong)
        for known in self.outline.steps:
            yield from below(json_pointer("steps", known.ordinal), self._of_step(known))
        for name, output in self.outline.outputs.items():
            yield from below(json_pointer("outputs", name), self._of_pipeline_output(output))
        yield from self._circles()

    def _of_pipeline_output(self, output: PipelineOutput) -> Iterator[Fault]:
        producer = self.producers.get(output.step)
        if producer is None:
            yield self._unknown("/step", "step", output.step, self.producers)
        elif producer.outputs is not None and output.output not in producer.outputs:
            what = f"output of step {quoted(output.step)}"
            yield self._unknown("/output", what, output.output, producer.outputs)

    def _of_step(self, known: KnownStep) -> Iterator[Fault]:
        first = self.producers.get(known.name, known) if known.name is not None else known
        if first is not known:
            message = f"Step {first.ordinal} (counted from 0) is called {quoted(str(known.name))} already."
            yield Fault(pointer="/name", message=message, suggestion="Names must be unique within a pipeline.")
        step = known.step
        if step is None:
            return
        rules = self.step_types.get(step.type)
        if rules is None:
            yield self._unknown("/type", "step type", step.type, self.step_types)
        elif known.whole:
            yield from rules.check(step)
        yield from self._of_parts(known, step)

    def _of_parts(self, known: KnownStep, step: StepDefinition) -> Iterator[Fault]:
        for name, source in step.inputs.items():
            yield from below(json_pointer("inputs", name), self._of_input(step, source))
        for name, output in step.outputs.items():
            if name in step.inputs:
                message = (
                    f"The step has an input and an output called {quoted(name)}; scripts could not tell them apart."
                )
                yield Fault(pointer=json_pointer("outputs", name), message=message)
            yield from below(json_pointer("outputs", name, "path"), place_faults(output.path))
        for pointer, name in parameter_references(step.settings, "/settings"):
            yield from below(pointer, self._of_parameter_name(name))
        for position, argument in enumerate(step.arguments):
            yield from below(json_pointer("arguments", position), self._of_argument(known, step, argument))
        for position, name in enumerate(step.run_after):
            yield from below(json_pointer("run_after", position), self._of_step_name(step, name))

    def _of_input(self, step: StepDefinition, source: StepInput) -> Iterator[Fault]:
        match source:
            case DataReferenceInput():
                message = relative_path_fault(source.path)
                if message is not None:
                    yield Fault(pointer="/path", message=message)
            case PipelineDataInput():
                yield from below("/step", self._of_step_name(step, source.step))
                producer = self.producers.get(source.step)
                outputs = producer.outputs if producer is not None and source.step != step.name else None
                if outputs is not None and source.output not in outputs:
                    yield self._unknown("/output", f"output of step {quoted(source.step)}", source.output, outputs)
            case ParameterInput():
                yield from self._of_parameter_name(source.parameter)
            case DataPathInput():
                yield from self._of_parameter_name(source.parameter, "data_path")
            case DatasetInput():
                if (source.dataset_id is None) == (source.parameter is None):
                    message = "A dataset input needs exactly one of `dataset_id` and `parameter`."
                    yield Fault(pointer="", message=message)
                elif source.parameter is not None:
                    yield from self._of_parameter_name(source.parameter, "dataset")

    def _of_argument(self, known: KnownStep, step: StepDefinition, argument: Argument) -> Iterator[Fault]:
        match argument:
            case InputArgument() if known.whole and argument.input not in step.inputs:
                yield self._unknown("/input", "input of this step", argument.input, step.inputs)
            case OutputArgument() if known.whole and argument.output not in step.outputs:
                yield self._unknown("/output", "output of this step", argument.output, step.outputs)
            case ParameterArgument():
                yield from self._of_parameter_name(argument.parameter)

    def _of_step_name(self, step: StepDefinition, name: str) -> Iterator[Fault]:
        if name == step.name:
            yield Fault(pointer="", message="The step waits for itself.")
        elif name not in self.producers:
            yield self._unknown("", "step", name, [known for known in self.producers if known != step.name])

    def _of_parameter_name(self, name: str, needed: str = "") -> Iterator[Fault]:
        """Checks a use of a parameter: as a value, or where `needed` says so, as a data path or a dataset."""
        parameters = self.outline.parameters
        if parameters is None:
            return
        if name not in parameters:
            yield self._unknown("/parameter", "parameter of the pipeline", name, parameters)
            return
        parameter = parameters[name]
        found = parameter.type if parameter is not None and parameter.type in _DATA_TYPES else ""
        if parameter is not None and found != needed:
            yield Fault(
                pointer="/parameter",
                message=f"Parameter {quoted(name)} is a {quoted(parameter.type)}, which has no place here.",
                suggestion=f"An input with `kind` {quoted(found)} takes it." if found else None,
            )

    def _unknown(self, pointer: str, what: str, name: str, known: Collection[str]) -> Fault:
        suggestion = self.suggester.suggest(name, known)
        return Fault(pointer=pointer, message=f"There is no {what} called {quoted(name)}.", suggestion=suggestion)

    def _circles(self) -> Iterator[Fault]:
        ordinals = {name: known.ordinal for name, known in self.producers.items()}
        dependencies = [
            sorted({ordinals[name] for name in needed_steps(known.step) if name in ordinals} - {known.ordinal})
            if known.step is not None
            else []
            for known in self.outline.steps
        ]
        for _ in range(_MAX_CYCLES):
            cycle = find_cycle(dependencies)
            if cycle is None:
                return
            names = [quoted(str(self.outline.steps[ordinal].name)) for ordinal in cycle]
            shown = names if len(names) <= _MAX_CYCLE_SHOWN else [*names[:_MAX_CYCLE_SHOWN], "…"]
            message = f"Steps wait for each other in a circle: {' → '.join([*shown, names[0]])}."
            yield Fault(pointer=json_pointer("steps", cycle[0]), message=message)
            for ordinal in cycle:
                dependencies[ordinal] = []
